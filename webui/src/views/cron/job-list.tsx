/** All jobs with their schedules, next runs and last runs. */
import { useState } from 'preact/hooks';
import type { CronJobList } from '../../../../shared/api/cron.js';
import { Button, IconButton } from '../../components/button/button.js';
import { Empty } from '../../components/feedback/feedback.js';
import { SearchField } from '../../components/field/field.js';
import { Menu, type MenuItem } from '../../components/menu/menu.js';
import { language } from '../../i18n/language.js';
import { address, changeQuery, hashOf, navigate } from '../../shell/router.js';
import { Countdown } from './countdown.js';
import type { Job } from './cron-api.js';
import { isUndelivered, RunStrip } from './history.js';
import type { JobActions } from './job-actions.js';
import { Lanes } from './lanes.js';
import { t } from './text.js';

const PAGE_JOBS = 30;

function StateChip({ job }: { job: Job }) {
  if (!job.enabled) return <span class="chip">{t('paused')}</span>;
  if (job.failures > 0) return <span class="chip bad">{t('failing', { count: job.failures })}</span>;
  if (job.lastRun !== null && isUndelivered(job.lastRun)) return <span class="chip bad">{t('undelivered')}</span>;
  if (job.nextRunAt === null) return <span class="chip">{t('finished')}</span>;
  return null;
}

function JobRow({ job, actions }: { job: Job; actions: JobActions }) {
  const next = job.nextRunAt === null ? undefined : Date.parse(job.nextRunAt);
  const menu: MenuItem[] = [
    { label: t('edit'), icon: 'edit', run: () => navigate(hashOf('cron', [job.id, 'edit'])) },
    { label: t('copy'), icon: 'copy', run: () => navigate(hashOf('cron', [job.id, 'copy'])) },
    { label: t(job.enabled ? 'pause' : 'resume'), icon: job.enabled ? 'pause' : 'play', run: () => actions.toggle(job) },
    { label: t('delete'), icon: 'trash', kind: 'danger', run: () => actions.remove(job) },
  ];
  return (
    <li class={job.enabled ? 'job' : 'job off'}>
      <div class="job-main">
        <p>
          <a href={hashOf('cron', [job.id])}>{job.name}</a> <StateChip job={job} />
        </p>
        <p class="hint">
          {job.words && <span class="job-words">{job.words[language.value]}</span>} <code>{job.schedule}</code> · {job.timezone}{' '}
          {job.channel !== null && `· ${job.channel}`}
        </p>
      </div>
      <div class="job-next">{next !== undefined && <Countdown atMs={next} />}</div>
      <RunStrip runs={job.runs ?? []} />
      <div class="job-tools">
        <IconButton icon="play" label={t('runNow', { name: job.name })} onClick={() => actions.run(job)} />
        <Menu label={t('actions', { name: job.name })} items={menu} />
      </div>
    </li>
  );
}

export function JobList({ list: { jobs, plan }, actions }: { list: CronJobList; actions: JobActions }) {
  const { q = '' } = address.value.query;
  const [shownCount, setShownCount] = useState(PAGE_JOBS);
  const wanted = q.trim().toLowerCase();
  const found = jobs.filter((job) => `${job.name} ${job.message} ${job.schedule} ${job.channel}`.toLowerCase().includes(wanted));
  const create = <Button kind="primary" icon="plus" text={t('new')} onClick={() => navigate(hashOf('cron', ['new']))} />;
  if (jobs.length === 0) {
    return (
      <Empty title={t('none')} action={create}>
        {t('noneText')}
      </Empty>
    );
  }
  return (
    <>
      {plan !== undefined && <Lanes plan={plan} />}
      <SearchField class="job-search" label={t('search')} value={q} onInput={(text) => changeQuery({ q: text })} />
      {found.length === 0 && <Empty title={t('noMatch', { search: q })} />}
      <ul class="rows jobs" aria-label={t('title')}>
        {found.slice(0, shownCount).map((job) => (
          <JobRow key={job.id} job={job} actions={actions} />
        ))}
      </ul>
      {found.length > shownCount && (
        <Button text={t('more', { count: found.length - shownCount })} onClick={() => setShownCount(shownCount + PAGE_JOBS)} />
      )}
    </>
  );
}
