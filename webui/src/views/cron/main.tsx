/** The schedules view: the table of jobs, one job with its runs, or the form. The address selects it. */
import { useRef } from 'preact/hooks';
import type { CronJobList } from '../../../../shared/api/cron.js';
import { useLiveReload } from '../../api/live-reload.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Empty, ErrorBox } from '../../components/feedback/feedback.js';
import { Icon } from '../../components/icon/icon.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Skeleton } from '../../components/skeleton/skeleton.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { type Job, listJobs } from './cron-api.js';
import { hasDraft } from './form/draft.js';
import { JobForm } from './form/job-form.js';
import { type JobActions, jobActions } from './job-actions.js';
import { JobTable } from './job-table.js';
import { JobPage } from './job/job-page.js';
import { t } from './text.js';
import './cron.css';

/** For the plan of the next hours; changes have events. */
const RELOAD_MS = 60_000;

const openNew = (): void => navigate(hashOf('cron', ['new']));

function Back({ to, text }: { to: string; text: string }) {
  return (
    <a class="back-link" href={to}>
      <Icon name="left" size={16} />
      {text}
    </a>
  );
}

interface FormProps {
  readonly job: Job | undefined;
  readonly isCopy: boolean;
  readonly deleted?: string;
  readonly list: Resource<CronJobList>;
}

/** The form below its title. */
function Form({ job, isCopy, deleted, list }: FormProps) {
  const parent = hashOf('cron', job === undefined ? [] : [job.id]);
  return (
    <>
      <Back to={parent} text={job === undefined ? t('all') : job.name} />
      <PageHeader title={t(job === undefined || isCopy ? 'new' : 'editTitle')} />
      <JobForm {...{ job, isCopy, deleted }} onSaved={list.reload} onCancel={() => navigate(parent)} />
    </>
  );
}

function Body({ list, actions }: { list: Resource<CronJobList>; actions: JobActions }) {
  const [id, verb] = address.value.parts;
  const job = list.value?.jobs.find((known) => known.id === id);
  if (id === 'new') return <Form key={`new/${address.value.query['example']}`} job={undefined} isCopy={false} list={list} />;
  if (id === undefined) {
    return (
      <>
        <PageHeader title={shell('cron')}>
          {(list.value?.jobs.length ?? 0) > 0 && <Button kind="primary" icon="plus" text={t('new')} onClick={openNew} />}
        </PageHeader>
        {list.value === undefined ? list.error === undefined && <Skeleton lines={6} /> : <JobTable list={list.value} actions={actions} />}
      </>
    );
  }
  // A new job is only in the next list.
  if (job === undefined && (list.isLoading || list.value === undefined)) return list.error === undefined ? <Skeleton lines={6} /> : null;
  const draft = verb === 'copy' ? `${id}/copy` : id;
  // The same form, so that typing is not interrupted.
  if (job === undefined && hasDraft(draft))
    return <Form key={`${id}/${verb}`} job={undefined} isCopy={false} deleted={draft} list={list} />;
  if (job === undefined) {
    return <Empty title={t('gone')} icon="cron" action={<Button text={t('all')} onClick={() => navigate(hashOf('cron'))} />} />;
  }
  if (verb === 'edit' || verb === 'copy') return <Form key={`${id}/${verb}`} job={job} isCopy={verb === 'copy'} list={list} />;
  return (
    <>
      <Back to={hashOf('cron')} text={t('all')} />
      <JobPage key={id} job={job} actions={actions} />
    </>
  );
}

export default function CronView() {
  const list = useResource(listJobs, []);
  const latest = useRef(list);
  latest.current = list;
  const actions = jobActions(latest);
  useLiveReload(['cron'], list.refresh, RELOAD_MS);
  useCommands([{ id: 'cron-new', label: t('new'), icon: 'plus', keys: 'n', run: openNew }]);
  const isRead = list.value !== undefined;
  const fault = list.error !== undefined && <ErrorBox error={list.error} retry={list.reload} isStale={isRead} />;
  return (
    <section class="view">
      {isRead && fault}
      <Body list={list} actions={actions} />
      {!isRead && fault}
    </section>
  );
}
