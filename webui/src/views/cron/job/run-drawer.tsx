/** One run: its outcome, its times, its answer, the outcome of its message, and links to more. Follows a running run. */
import type { ComponentChildren } from 'preact';
import { useNow } from '../../../browser/now.js';
import { Button } from '../../../components/button/button.js';
import { Dialog, DialogActions } from '../../../components/dialog/dialog.js';
import { Fact, Facts } from '../../../components/facts/facts.js';
import { Skeleton } from '../../../components/skeleton/skeleton.js';
import { Markdown } from '../../../components/markdown/markdown.js';
import { Badge, type Tone } from '../../../components/status-dot/status-dot.js';
import { dollars, durationText, fullTime } from '../../../components/time-text/time-text.js';
import { hashOf } from '../../../shell/router.js';
import { t as shell } from '../../../shell/text.js';
import type { Job } from '../cron-api.js';
import { zonedTime } from '../job-time.js';
import { isGoing, Outcome, runError } from '../run-state.js';
import { t } from '../text.js';
import type { Run } from './use-runs.js';

const SECOND_MS = 1_000;

/** Runs in these states can be repeated. */
const AGAIN: ReadonlySet<Run['state']> = new Set(['failed', 'interrupted', 'missed', 'skipped', 'replaced']);

/** Amber while it is being retried, as in the list of messages. */
function deliveryTone({ status, error }: NonNullable<Run['delivery']>): Tone {
  if (error === null) return status === 'delivered' ? 'good' : 'off';
  return status === 'dead' ? 'bad' : 'warning';
}

/** How long a run has been running, counted in seconds. */
function Elapsed({ since }: { since: string }) {
  const seconds = Math.floor((useNow(SECOND_MS) - Date.parse(since)) / SECOND_MS);
  return <>{durationText(Math.max(0, seconds) * SECOND_MS)}</>;
}

function durationOf({ durationMs, startedAt }: Run): ComponentChildren {
  if (durationMs !== null) return durationText(durationMs);
  return startedAt === null ? '—' : <Elapsed since={startedAt} />;
}

function RunFacts({ run, timezone }: { run: Run; timezone: string }) {
  const tokens = (run.inputTokens ?? 0) + (run.outputTokens ?? 0);
  const { delivery, latenessMs } = run;
  return (
    <Facts>
      <Fact name={t('outcome')}>
        <Outcome run={run} />
        {run.attempt > 1 && <span class="muted"> {t('attempt', { number: run.attempt })}</span>}
      </Fact>
      <Fact name={t(run.trigger === 'manual' ? 'startedByHand' : 'scheduled')}>
        <time title={fullTime(Date.parse(run.scheduledAt), timezone)}>{zonedTime(run.scheduledAt, timezone)}</time>
        {latenessMs !== null && latenessMs > SECOND_MS && <span class="muted"> · {t('late', { time: durationText(latenessMs) })}</span>}
      </Fact>
      <Fact name={t('duration')}>{durationOf(run)}</Fact>
      {delivery !== null && (
        <Fact name={t('delivery')}>
          <Badge tone={deliveryTone(delivery)}>{delivery.status === null ? t('delivery_purged') : t(`delivery_${delivery.status}`)}</Badge>
        </Fact>
      )}
      {run.model !== null && <Fact name={t('model')}>{run.model}</Fact>}
      {tokens > 0 && (
        <Fact name={t('usage')}>
          {t('tokens', { count: tokens })}
          {run.costUsd !== null && ` · ${dollars(run.costUsd)}`}
        </Fact>
      )}
    </Facts>
  );
}

function Details({ run, job }: { run: Run; job: Job }) {
  const error = runError(run);
  return (
    <>
      <RunFacts run={run} timezone={job.timezone} />
      {error !== null && (
        <div class="run-error">
          <h3>{t('error')}</h3>
          <p class="callout bad">{error}</p>
        </div>
      )}
      {run.nothingToReport !== null && (
        <div class="run-text">
          <h3>{t('nothingToReport')}</h3>
          <p>{run.nothingToReport === '' ? t('nothingSent') : run.nothingToReport}</p>
        </div>
      )}
      {run.output !== null && run.output !== '' && (
        <div class="run-text">
          <h3>{t(job.mode === 'agent' ? 'answer' : 'message')}</h3>
          <Markdown text={run.output} />
        </div>
      )}
      {isGoing(run) && <p class="hint">{t('following')}</p>}
    </>
  );
}

interface RunDrawerProps {
  readonly job: Job;
  /** Undefined until the run is in the list. */
  readonly run: Run | undefined;
  /** Whether the list has been read. */
  readonly isRead: boolean;
  readonly onAgain: (runId: string) => void;
  readonly onClose: () => void;
}

export function RunDrawer({ job, run, isRead, onAgain, onClose }: RunDrawerProps) {
  return (
    <Dialog title={t('runOf', { name: job.name })} size="side" onClose={onClose}>
      {run === undefined ? isRead ? <p class="hint">{t('runGone')}</p> : <Skeleton lines={5} /> : <Details run={run} job={job} />}
      {run !== undefined && (
        <DialogActions>
          {AGAIN.has(run.state) && <Button icon="retry" text={shell('retry')} onClick={() => onAgain(run.id)} />}
          <Button icon="logs" text={shell('logs')} href={hashOf('logs', [], { q: `runId:${run.id}` })} />
          {run.session !== null && <Button icon="chat" text={t('transcript')} href={hashOf('chat', [run.session])} />}
        </DialogActions>
      )}
    </Dialog>
  );
}
