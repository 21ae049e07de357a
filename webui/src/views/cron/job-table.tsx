/** All jobs: when they run, how the last run ended, and whether they are on. */
import { useState } from 'preact/hooks';
import type { CronJobList } from '../../../../shared/api/cron.js';
import { Button } from '../../components/button/button.js';
import { chatName } from '../../components/channel-name/channel-name.js';
import { Empty } from '../../components/feedback/feedback.js';
import { SearchField, Switch } from '../../components/field/field.js';
import { Menu, type MenuItem } from '../../components/menu/menu.js';
import { type Column, type Order, Table } from '../../components/table/table.js';
import { Ago, fullTime } from '../../components/time-text/time-text.js';
import { language } from '../../i18n/language.js';
import { address, changeQuery, hashOf, navigate } from '../../shell/router.js';
import { t as shell } from '../../shell/text.js';
import { Countdown } from './countdown.js';
import type { Job } from './cron-api.js';
import { EXAMPLES } from './form/examples.js';
import type { JobActions } from './job-actions.js';
import { ownZone, zonedTime } from './job-time.js';
import { Lanes } from './lanes.js';
import { Outcome } from './run-state.js';
import { RunStrip } from './run-strip.js';
import { t } from './text.js';

const PAGE_JOBS = 50;
const STRIP_RUNS = 10;
/** Shorter lists have no search field. */
const SEARCHED_JOBS = 8;

type Key = 'name' | 'schedule' | 'next' | 'last' | 'on' | 'menu';

const columns = (): Column<Key>[] => [
  { key: 'name', name: t('name') },
  { key: 'schedule', name: t('schedule'), isSorted: false },
  { key: 'next', name: t('nextRun') },
  { key: 'last', name: t('lastRun') },
  { key: 'on', name: t('enabled'), isSorted: false },
  { key: 'menu', name: t('actionsColumn'), isHidden: true, isSorted: false },
];

/** What the column is sorted by; an empty text comes last. */
function sortedText(job: Job, by: Key): string {
  if (by === 'next') return job.nextRunAt ?? '';
  if (by === 'last') return job.lastRun?.startedAt ?? job.lastRun?.finishedAt ?? '';
  return job.name;
}

function sortJobs(jobs: readonly Job[], { by, isDescending }: Order<Key>): Job[] {
  const direction = isDescending ? -1 : 1;
  return jobs.toSorted((one, other) => {
    const [a, b] = [sortedText(one, by), sortedText(other, by)];
    if (a === '' || b === '') return Number(a === '') - Number(b === '');
    return direction * a.localeCompare(b, language.value);
  });
}

function NextRun({ job: { enabled, nextRunAt, timezone } }: { job: Job }) {
  if (!enabled) return <span class="muted">{t('paused')}</span>;
  if (nextRunAt === null) return <span class="muted">{t('finished')}</span>;
  return (
    <>
      <Countdown atMs={Date.parse(nextRunAt)} />
      <small class="cell-note">{zonedTime(nextRunAt, timezone)}</small>
    </>
  );
}

function LastRun({ job: { id, lastRun, failures, runs, timezone } }: { job: Job }) {
  if (lastRun === null) return <span class="muted">{t('never')}</span>;
  const at = lastRun.finishedAt ?? lastRun.startedAt;
  return (
    <div class="job-last">
      <div>
        <a class="plain-link" href={hashOf('cron', [id], { run: lastRun.id })}>
          <Outcome run={lastRun} />
        </a>
        <small class="cell-note">{failures > 1 ? t('failing', { count: failures }) : at !== null && <Ago at={at} />}</small>
      </div>
      {runs !== undefined && <RunStrip runs={runs.slice(0, STRIP_RUNS)} timezone={timezone} />}
    </div>
  );
}

function JobRow({ job, actions }: { job: Job; actions: JobActions }) {
  const menu: MenuItem[] = [
    { label: t('run'), icon: 'play', run: () => actions.run(job) },
    { label: t('edit'), icon: 'edit', run: () => navigate(hashOf('cron', [job.id, 'edit'])) },
    { label: t('copy'), icon: 'copy', run: () => navigate(hashOf('cron', [job.id, 'copy'])) },
    { label: t('delete'), icon: 'trash', kind: 'danger', run: () => actions.remove(job) },
  ];
  const target = job.channel === null ? '' : ` → ${chatName(job.channel, job.chat_id)}`;
  return (
    <tr class={job.enabled ? undefined : 'off'}>
      <td class="job-name">
        <a class="plain-link" href={hashOf('cron', [job.id])}>
          {job.name}
        </a>
        <small class="cell-note">
          {t(job.mode === 'agent' ? 'isAgent' : 'isDirect')}
          {target}
        </small>
      </td>
      <td class="job-schedule">
        {job.words?.[language.value]}
        <small class="cell-note">
          <code>{job.schedule}</code>
          {job.timezone !== ownZone() && <> · {job.timezone}</>}
        </small>
      </td>
      <td data-label={t('nextRun')} title={job.nextRunAt === null ? undefined : fullTime(Date.parse(job.nextRunAt), job.timezone)}>
        <NextRun job={job} />
      </td>
      <td data-label={t('lastRun')}>
        <LastRun job={job} />
      </td>
      <td class="job-switch">
        <Switch label={t('on', { name: job.name })} isChecked={job.enabled} onChange={() => actions.toggle(job)} />
      </td>
      <td class="job-menu">
        <Menu label={t('actions', { name: job.name })} items={menu} />
      </td>
    </tr>
  );
}

function NoJobs() {
  return (
    <div class="no-jobs">
      <Empty
        title={t('none')}
        icon="cron"
        action={<Button kind="primary" icon="plus" text={t('new')} onClick={() => navigate(hashOf('cron', ['new']))} />}
      >
        {t('noneText')}
      </Empty>
      <h2>{t('examples')}</h2>
      <ul class="job-examples">
        {EXAMPLES.map((id) => (
          <li key={id}>
            <a class="card" href={hashOf('cron', ['new'], { example: id })}>
              <strong>{t(`example_${id}`)}</strong>
              <span class="muted">{t(`example_${id}_when`)}</span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function JobTable({ list: { jobs, plan }, actions }: { list: CronJobList; actions: JobActions }) {
  const { q = '' } = address.value.query;
  const [shownCount, setShownCount] = useState(PAGE_JOBS);
  const [order, setOrder] = useState<Order<Key>>({ by: 'next', isDescending: false });
  if (jobs.length === 0) return <NoJobs />;
  const wanted = q.trim().toLowerCase();
  const found = jobs.filter((job) => `${job.name} ${job.message} ${job.schedule} ${job.channel ?? ''}`.toLowerCase().includes(wanted));
  return (
    <>
      {(jobs.length > SEARCHED_JOBS || wanted !== '') && (
        <SearchField class="job-search" label={t('search')} value={q} onInput={(text) => changeQuery({ q: text })} />
      )}
      {found.length === 0 ? (
        <Empty title={t('noMatch', { search: q })} icon="search" />
      ) : (
        <div class="jobs">
          <Table label={shell('cron')} columns={columns()} order={order} onOrder={setOrder}>
            {sortJobs(found, order)
              .slice(0, shownCount)
              .map((job) => (
                <JobRow key={job.id} job={job} actions={actions} />
              ))}
          </Table>
        </div>
      )}
      {found.length > shownCount && (
        <div>
          <Button text={t('more', { count: found.length - shownCount })} onClick={() => setShownCount(shownCount + PAGE_JOBS)} />
        </div>
      )}
      {plan !== undefined && <Lanes plan={plan} />}
    </>
  );
}
