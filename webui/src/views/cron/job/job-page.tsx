/** One job: its state, when it runs next, what it does, and its runs. All times are in the job's zone. */
import { useEffect } from 'preact/hooks';
import type { RecentCronRun } from '../../../../../shared/api/cron.js';
import { Button } from '../../../components/button/button.js';
import { Fact, Facts } from '../../../components/facts/facts.js';
import { Menu } from '../../../components/menu/menu.js';
import { chatName } from '../../../components/channel-name/channel-name.js';
import { PageHeader } from '../../../components/page-header/page-header.js';
import { Stat, Stats } from '../../../components/stat/stat.js';
import { Badge } from '../../../components/status-dot/status-dot.js';
import { Ago, durationText } from '../../../components/time-text/time-text.js';
import { useCommands } from '../../../shell/commands.js';
import { address, hashOf, navigate } from '../../../shell/router.js';
import { Countdown } from '../countdown.js';
import type { Job } from '../cron-api.js';
import { NextRuns, usePreview } from '../form/preview.js';
import type { JobActions } from '../job-actions.js';
import { zonedTime } from '../job-time.js';
import { Outcome } from '../run-state.js';
import { countFailed, RunStrip } from '../run-strip.js';
import { t } from '../text.js';
import { History } from './history.js';
import { useRuns } from './use-runs.js';

function State({ job: { enabled, failures, nextRunAt } }: { job: Job }) {
  if (!enabled) return <Badge>{t('paused')}</Badge>;
  if (failures > 0) return <Badge tone="bad">{t('failing', { count: failures })}</Badge>;
  return nextRunAt === null ? <Badge>{t('finished')}</Badge> : <Badge tone="good">{t('active')}</Badge>;
}

function nextNote({ enabled, nextRunAt, timezone }: Job): string {
  if (!enabled) return t('pausedNote');
  return nextRunAt === null ? t('finished') : zonedTime(nextRunAt, timezone);
}

function recentNote(runs: readonly RecentCronRun[]): string {
  const failed = countFailed(runs);
  return failed === 0 ? t('recentGood', { count: runs.length }) : t('recentBad', { count: runs.length, failed });
}

function Headline({ job }: { job: Job }) {
  const { lastRun, nextRunAt, runs = [] } = job;
  const lastAt = lastRun?.finishedAt ?? lastRun?.startedAt;
  return (
    <Stats>
      <Stat
        name={t('nextRun')}
        value={nextRunAt === null ? t(job.enabled ? 'none_value' : 'paused') : <Countdown atMs={Date.parse(nextRunAt)} />}
        note={nextNote(job)}
      />
      <Stat
        name={t('lastRun')}
        value={lastRun === null ? t('never') : <Outcome run={lastRun} />}
        note={lastAt === null || lastAt === undefined ? undefined : <Ago at={lastAt} />}
        {...(lastRun === null ? {} : { href: hashOf('cron', [job.id], { run: lastRun.id }) })}
      />
      {runs.length > 1 && <Stat name={t('recentRuns')} value={<RunStrip runs={runs} timezone={job.timezone} />} note={recentNote(runs)} />}
    </Stats>
  );
}

/** How the job handles overlaps, missed runs, timeouts, failures and alerts. */
function Policies({ job }: { job: Job }) {
  const alert = job.alertChannel ?? job.channel;
  return (
    <Facts>
      <Fact name={t('overlap')}>{t(`overlap_${job.overlap}`)}</Fact>
      <Fact name={t('missed')}>{job.missed === 'skip' ? t('missed_skip') : t('missedOnce', { grace: durationText(job.graceMs) })}</Fact>
      <Fact name={t('timeoutFact')}>{durationText(job.timeoutMs)}</Fact>
      <Fact name={t('retries')}>{job.retries === 0 ? t('no') : t('upTo', { count: job.retries })}</Fact>
      <Fact name={t('alerts')}>
        {job.notifyAfter === 0 || alert === null
          ? t('no')
          : t('alertAfter', { count: job.notifyAfter, chat: chatName(alert, job.alertChatId ?? job.chat_id) })}
      </Fact>
    </Facts>
  );
}

function When({ job }: { job: Job }) {
  const { id: jobId, schedule, timezone, activeHours, nextRunAt } = job;
  const { preview } = usePreview({ schedule, timezone, activeHours, jobId, version: nextRunAt });
  const known = nextRunAt === null ? [] : [{ at: nextRunAt, local: nextRunAt, note: null }];
  // The list begins with the next run that the job itself names, also while either of them is being read again.
  const runs = preview?.runs.filter(({ at }) => nextRunAt !== null && at >= nextRunAt) ?? known;
  const words = preview?.words ?? job.words ?? { en: schedule, zh: schedule };
  return (
    <section class="card">
      <h2>{t('when')}</h2>
      <NextRuns preview={{ timezone, words, warningCode: null, runs }} />
      <p class="hint">
        <code>{schedule}</code>
      </p>
    </section>
  );
}

function What({ job }: { job: Job }) {
  return (
    <section class="card">
      <h2>{t('what')}</h2>
      <p class="job-message scrolled down">{job.message}</p>
      <Facts>
        <Fact name={t('mode')}>{t(job.mode === 'agent' ? 'modeAgent' : 'modeDirect')}</Fact>
        <Fact name={t('target')}>{job.channel === null ? t('nowhere') : chatName(job.channel, job.chat_id)}</Fact>
        {job.mode === 'agent' && <Fact name={t('model')}>{job.model ?? t('modelDefault')}</Fact>}
      </Facts>
      <details class="job-policy">
        <summary>{t('policy')}</summary>
        <Policies job={job} />
      </details>
    </section>
  );
}

export function JobPage({ job, actions }: { job: Job; actions: JobActions }) {
  const runs = useRuns(job.id, false);
  const openRun = address.value.query['run'];
  // A run that was just started is in the next list.
  useEffect(() => {
    if (runs.value !== undefined && openRun !== undefined && !runs.value.items.some((run) => run.id === openRun)) runs.reload();
  }, [openRun]);
  const edit = (): void => navigate(hashOf('cron', [job.id, 'edit']));
  const run = (): void => actions.run(job);
  useCommands([
    { id: 'cron-run', label: t('run'), icon: 'play', keys: 'r', run },
    { id: 'cron-edit', label: t('edit'), icon: 'edit', keys: 'e', run: edit },
  ]);
  return (
    <>
      <div class="job-head">
        <PageHeader title={job.name} note={<State job={job} />}>
          <Button icon={job.enabled ? 'pause' : 'play'} text={t(job.enabled ? 'pause' : 'resume')} onClick={() => actions.toggle(job)} />
          <Button icon="edit" text={t('edit')} onClick={edit} />
          <Button icon="play" kind="primary" text={t('run')} onClick={run} />
          <Menu
            label={t('actions', { name: job.name })}
            items={[
              { label: t('copy'), icon: 'copy', run: () => navigate(hashOf('cron', [job.id, 'copy'])) },
              { label: t('delete'), icon: 'trash', kind: 'danger', run: () => actions.remove(job) },
            ]}
          />
        </PageHeader>
      </div>
      <Headline job={job} />
      <div class="job-facts">
        <When job={job} />
        <What job={job} />
      </div>
      <History job={job} runs={runs} onAgain={(runId) => actions.again(job, runId)} />
    </>
  );
}
