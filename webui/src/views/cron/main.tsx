/** The schedules view: the list of jobs, one job with its history, or the form. The address selects it. */
import { useEffect } from 'preact/hooks';
import type { ChannelDocument } from '../../../../shared/api/channels.js';
import type { CronJobList } from '../../../../shared/api/cron.js';
import type { ModelDocument } from '../../../../shared/api/models.js';
import { call } from '../../api/client.js';
import { useLiveReload } from '../../api/live-reload.js';
import { type Resource, useResource } from '../../api/use-resource.js';
import { PageHeader } from '../../components/page-header/page-header.js';
import { Button } from '../../components/button/button.js';
import { Empty, ErrorBox, Spinner } from '../../components/feedback/feedback.js';
import { durationText } from '../../components/time-text/time-text.js';
import { useCommands } from '../../shell/commands.js';
import { address, hashOf, navigate } from '../../shell/router.js';
import { Countdown } from './countdown.js';
import type { Job } from './cron-api.js';
import { History, useRuns } from './history.js';
import { type JobActions, jobActions, listKeptJobs } from './job-actions.js';
import { JobForm } from './job-form.js';
import { JobList } from './job-list.js';
import { NextRuns, usePreview } from './preview.js';
import { t } from './text.js';
import './cron.css';

const SHOWN_RUNS = 50;
/** For the plan of the next hours; changes have events. */
const RELOAD_MS = 60_000;

/** The choices of the form: `channel/account`, and models. */
function useChoices(): { channels: readonly string[]; models: readonly string[] } {
  const channels = useResource((signal) => call<{ channels: ChannelDocument[] }>('GET', '/api/channels', { signal }), []);
  const models = useResource((signal) => call<{ models: ModelDocument[] }>('GET', '/api/models', { signal }), []);
  return {
    channels: (channels.value?.channels ?? []).map(({ channel, accountId }) => `${channel}/${accountId}`),
    models: (models.value?.models ?? []).map(({ id }) => id),
  };
}

/** How the job handles overlaps, missed runs, timeouts, failures and alerts, in sentences. */
function Policies({ job }: { job: Job }) {
  const alert = job.alertChannel ?? job.channel;
  const sentences = [
    t(`policyOverlap_${job.overlap}`),
    job.missed === 'skip' ? t('policyMissed_skip') : t('policyMissed_once', { grace: durationText(job.graceMs) }),
    t('policyTimeout', { time: durationText(job.timeoutMs) }),
    job.retries === 0 ? t('policyNoRetry') : t('policyRetries', { count: job.retries }),
    job.notifyAfter === 0 || alert === null
      ? t('policyNoAlert')
      : t('policyAlert', { count: job.notifyAfter, chat: `${alert} ${job.alertChatId ?? job.chat_id ?? ''}` }),
  ];
  return (
    <ul class="policies">
      {sentences.map((sentence) => (
        <li key={sentence} class="hint">
          {sentence}
        </li>
      ))}
    </ul>
  );
}

function JobDetails({ job, actions }: { job: Job; actions: JobActions }) {
  const { run: askedAt, failed } = address.value.query;
  const isFailedOnly = failed !== undefined;
  const history = useRuns(job.id, SHOWN_RUNS, isFailedOnly);
  const { id: jobId, schedule, timezone, nextRunAt } = job;
  const { preview } = usePreview({ schedule, timezone, jobId, version: nextRunAt });
  useEffect(() => {
    if (askedAt !== undefined) history.reload();
  }, [askedAt]);
  // The list begins with the next run that the job itself names, also while either of them is being read again.
  const upcoming = preview?.runs.filter(({ at }) => nextRunAt !== null && at >= nextRunAt) ?? [];
  return (
    <>
      <div class="row">
        <Button icon="play" kind="primary" text={t('run')} onClick={() => actions.run(job)} />
        <Button icon={job.enabled ? 'pause' : 'play'} text={job.enabled ? t('pause') : t('resume')} onClick={() => actions.toggle(job)} />
        <Button icon="edit" text={t('edit')} onClick={() => navigate(hashOf('cron', [job.id, 'edit']))} />
        <Button icon="copy" text={t('copy')} onClick={() => navigate(hashOf('cron', [job.id, 'copy']))} />
        <Button icon="trash" kind="danger" text={t('delete')} onClick={() => actions.remove(job)} />
      </div>
      <div class="job-facts">
        <section class="card">
          <h2>{t('what')}</h2>
          <p class="job-message">{job.message}</p>
          <p class="hint">
            {t(job.mode === 'agent' ? 'modeAgent' : 'modeDirect')}
            {job.channel !== null && ` → ${job.channel} ${job.chat_id ?? ''}`}
          </p>
          <Policies job={job} />
        </section>
        <section class="card">
          <h2>{t('when')}</h2>
          {nextRunAt === null ? (
            <p>{t(job.enabled ? 'finished' : 'paused')}</p>
          ) : (
            <p>
              <Countdown atMs={Date.parse(nextRunAt)} />
            </p>
          )}
          {preview !== undefined && <NextRuns preview={{ ...preview, warning: null, runs: upcoming }} />}
        </section>
      </div>
      <h2>{t('history')}</h2>
      <History history={history} isFailedOnly={isFailedOnly} onAgain={(runId) => actions.again(job, runId)} />
    </>
  );
}

/** Reads the choices of the form only where it is shown. */
function Form(props: Omit<Parameters<typeof JobForm>[0], 'channels' | 'models'>) {
  return <JobForm {...props} {...useChoices()} />;
}

function Body({ list, actions }: { list: Resource<CronJobList>; actions: JobActions }) {
  const [id, verb] = address.value.parts;
  const job = list.value?.jobs.find((known) => known.id === id);
  const done = ({ id: changed }: Job): void => {
    list.reload();
    navigate(hashOf('cron', [changed]));
  };
  const back = (): void => navigate(hashOf('cron', job === undefined ? [] : [job.id]));
  if (id === 'new') return <Form key="new" job={undefined} onDone={done} onCancel={back} />;
  if (list.value === undefined) return list.error === undefined ? <Spinner /> : null;
  if (id === undefined) return <JobList list={list.value} actions={actions} />;
  if (job === undefined) {
    // A new job is only in the next list.
    return list.isLoading ? <Spinner /> : <Empty title={t('gone')} action={<Button text={t('all')} onClick={back} />} />;
  }
  if (verb === 'edit' || verb === 'copy') {
    return <Form key={`${id}/${verb}`} job={job} isCopy={verb === 'copy'} onDone={done} onCancel={back} />;
  }
  return <JobDetails key={id} job={job} actions={actions} />;
}

export default function CronView() {
  const list = useResource(listKeptJobs, []);
  const actions = jobActions(list);
  const [id, verb] = address.value.parts;
  useLiveReload(['cron'], list.reload, RELOAD_MS);
  useCommands([{ id: 'cron-new', label: t('new'), icon: 'plus', keys: 'n', run: () => navigate(hashOf('cron', ['new'])) }]);
  const job = list.value?.jobs.find((known) => known.id === id);
  const title = id === 'new' || verb === 'copy' ? t('new') : (job?.name ?? t('title'));
  return (
    <section class="view">
      <PageHeader title={title}>
        {id === undefined && (list.value?.jobs.length ?? 0) > 0 && (
          <Button kind="primary" icon="plus" text={t('new')} onClick={() => navigate(hashOf('cron', ['new']))} />
        )}
        {id !== undefined && <a href={hashOf('cron')}>{t('all')}</a>}
      </PageHeader>
      {list.error !== undefined && <ErrorBox error={list.error} retry={list.reload} isStale={list.value !== undefined} />}
      <Body list={list} actions={actions} />
    </section>
  );
}
