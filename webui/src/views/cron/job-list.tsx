/** All jobs with their schedules, next runs and last runs. */
import { useState } from 'preact/hooks';
import { Button, IconButton } from '../../components/button/button.js';
import { Empty } from '../../components/feedback/feedback.js';
import { SearchField } from '../../components/field/field.js';
import { Menu, type MenuItem } from '../../components/menu/menu.js';
import { language } from '../../i18n/language.js';
import { address, changeQuery, hashOf, navigate } from '../../shell/router.js';
import { Countdown } from './countdown.js';
import type { Job } from './cron-api.js';
import { isUndelivered, RunStrip, useRuns } from './history.js';
import type { JobActions } from './job-actions.js';
import { Lanes } from './lanes.js';
import { usePreview } from './preview.js';
import { t } from './text.js';

/** Each shown row asks for its last runs. */
const PAGE_JOBS = 30;
const STRIP_RUNS = 20;

function StateChip({ job }: { job: Job }) {
  if (!job.enabled) return <span class="chip">{t('paused')}</span>;
  if (job.failures > 0) return <span class="chip bad">{t('failing', { count: job.failures })}</span>;
  if (job.lastRun !== null && isUndelivered(job.lastRun)) return <span class="chip bad">{t('undelivered')}</span>;
  if (job.nextRunAt === null) return <span class="chip">{t('finished')}</span>;
  return null;
}

/** The schedule in words; `every 1h` and `at …` are words already. */
function Words({ job: { schedule, timezone } }: { job: Job }) {
  const isCron = !/^(every|at)\s|^\d{4}-/i.test(schedule);
  const { preview } = usePreview(isCron ? schedule : '', timezone);
  return preview === undefined ? null : <span class="job-words">{preview.words[language.value]}</span>;
}

function JobRow({ job, actions }: { job: Job; actions: JobActions }) {
  const { runs } = useRuns(job.id, STRIP_RUNS);
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
          <Words job={job} /> <code>{job.schedule}</code> · {job.timezone} {job.channel !== null && `· ${job.channel}`}
        </p>
      </div>
      <div class="job-next">{next !== undefined && <Countdown atMs={next} />}</div>
      <RunStrip runs={runs ?? []} />
      <div class="job-tools">
        <IconButton icon="play" label={t('runNow', { name: job.name })} onClick={() => actions.run(job)} />
        <Menu label={t('actions', { name: job.name })} items={menu} />
      </div>
    </li>
  );
}

export function JobList({ jobs, actions }: { jobs: readonly Job[]; actions: JobActions }) {
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
      <Lanes />
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
