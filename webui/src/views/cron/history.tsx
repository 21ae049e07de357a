/** The runs of a job: as a strip of bars, and as a table. */
import { useEffect } from 'preact/hooks';
import type { CronRunDocument as Run, CronRunPage, RecentCronRun as RecentRun } from '../../../../shared/api/cron.js';
import { useResource } from '../../api/use-resource.js';
import { Button } from '../../components/button/button.js';
import { Empty, Loaded, TableHead } from '../../components/feedback/feedback.js';
import { durationText, fullTime, relativeTime } from '../../components/time-text/time-text.js';
import { changeQuery, hashOf } from '../../shell/router.js';
import { listRuns } from './cron-api.js';
import { t } from './text.js';

const STRIP_RUNS = 20;
const PAGE_RUNS = 50;
const RUNNING_POLL_MS = 1_000;

const isGoing = ({ state }: RecentRun): boolean => state === 'queued' || state === 'running';

/** Whether the run's message was not delivered, or sending it has failed so far. */
export const isUndelivered = ({ delivery }: Pick<RecentRun, 'delivery'>): boolean => delivery !== null && delivery.error !== null;

function kindOf(run: RecentRun): 'good' | 'bad' | 'warn' | '' {
  const { state } = run;
  if (state === 'done') return isUndelivered(run) ? 'bad' : 'good';
  if (state === 'failed' || state === 'interrupted') return 'bad';
  return isGoing(run) ? '' : 'warn';
}

function titleOf(run: RecentRun): string {
  const duration = run.durationMs === null ? '' : `, ${durationText(run.durationMs)}`;
  return `${fullTime(Date.parse(run.scheduledAt))}: ${t(`state_${run.state}`)}${duration}`;
}

/** One bar per run, the newest at the right. The height is the duration, relative to the longest run. */
export function RunStrip({ runs }: { runs: readonly RecentRun[] }) {
  const shown = runs.slice(0, STRIP_RUNS).toReversed();
  const longest = Math.max(1, ...shown.map(({ durationMs }) => durationMs ?? 0));
  const failed = shown.filter((run) => kindOf(run) === 'bad').length;
  return (
    <span class="run-strip" role="img" aria-label={t('strip', { count: shown.length, failed })}>
      {shown.map((run) => (
        <span
          key={run.id}
          class={`bar ${kindOf(run)}`}
          title={titleOf(run)}
          style={{ height: `${Math.round(20 + (80 * (run.durationMs ?? 0)) / longest)}%` }}
        />
      ))}
    </span>
  );
}

/** Runs in these states can be repeated. */
const AGAIN: ReadonlySet<Run['state']> = new Set(['failed', 'interrupted', 'missed', 'skipped', 'replaced']);

function RunLinks({ run, onAgain }: { run: Run; onAgain: (runId: string) => void }) {
  const tokens = (run.inputTokens ?? 0) + (run.outputTokens ?? 0);
  return (
    <p class="hint run-links">
      {run.model !== null && <span>{run.model}</span>}
      {tokens > 0 && <span>{t('tokens', { count: tokens })}</span>}
      {run.costUsd !== null && <span>${run.costUsd.toFixed(4)}</span>}
      {run.delivery !== null && <span>{t('delivery', { status: run.delivery.status ?? '—' })}</span>}
      {run.session !== null && <a href={hashOf('chat', [run.session])}>{t('transcript')}</a>}
      <a href={hashOf('logs', [], { q: `runId:${run.id}` })}>{t('logLines')}</a>
      {AGAIN.has(run.state) && <Button kind="quiet" icon="retry" text={t('again')} onClick={() => onAgain(run.id)} />}
    </p>
  );
}

function RunRow({ run, onAgain }: { run: Run; onAgain: (runId: string) => void }) {
  const error = run.error ?? run.delivery?.error ?? null;
  const output = error ?? run.output;
  return (
    <tr>
      <td>
        <span class={`chip ${kindOf(run)}`}>{t(`state_${run.state}`)}</span>
        {isUndelivered(run) && <span class="chip bad">{t('undelivered')}</span>}
        {run.attempt > 1 && <span class="muted"> {t('attempt', { number: run.attempt })}</span>}
      </td>
      <td title={fullTime(Date.parse(run.scheduledAt))}>
        {relativeTime(Date.parse(run.scheduledAt))}
        {run.trigger === 'manual' && <span class="muted"> · {t('manual')}</span>}
        {(run.latenessMs ?? 0) > 1_000 && <span class="muted"> · {t('late', { time: durationText(run.latenessMs ?? 0) })}</span>}
      </td>
      <td>{run.durationMs === null ? '—' : durationText(run.durationMs)}</td>
      <td>
        {output !== null && output !== '' && <p class={error === null ? 'run-output' : 'run-output fault'}>{output}</p>}
        <RunLinks run={run} onAgain={onAgain} />
      </td>
    </tr>
  );
}

/** Reads the runs of a job, newest first; every second while one of them is in progress. */
export function useRuns(id: string, limit: number, isFailedOnly = false) {
  const failed = isFailedOnly ? ({ failed: 'true' } as const) : {};
  const read = (signal: AbortSignal): Promise<CronRunPage> => listRuns(id, { limit, ...failed }, signal);
  const { value, error, reload, set } = useResource(read, [id, limit, isFailedOnly]);
  const isOneGoing = value?.runs.some(isGoing) === true;
  useEffect(() => {
    if (!isOneGoing) return undefined;
    const timer = setInterval(reload, RUNNING_POLL_MS);
    return () => clearInterval(timer);
  }, [isOneGoing]);
  const more = async (): Promise<void> => {
    if (value === undefined || value.nextCursor === null) return;
    const page = await listRuns(id, { limit: PAGE_RUNS, cursor: value.nextCursor, ...failed });
    set({ ...page, runs: [...value.runs, ...page.runs] });
  };
  return { runs: value?.runs, error, hasMore: typeof value?.nextCursor === 'string', more, reload };
}

interface HistoryProps {
  readonly history: ReturnType<typeof useRuns>;
  readonly isFailedOnly: boolean;
  readonly onAgain: (runId: string) => void;
}

function Filter({ isFailedOnly }: { isFailedOnly: boolean }) {
  return (
    <div class="row" role="group" aria-label={t('shownRuns')}>
      {([false, true] as const).map((isFailed) => (
        <button
          key={String(isFailed)}
          type="button"
          class="level-like"
          aria-pressed={isFailed === isFailedOnly}
          onClick={() => changeQuery({ failed: isFailed ? '1' : undefined })}
        >
          {t(isFailed ? 'failedRuns' : 'allRuns')}
        </button>
      ))}
    </div>
  );
}

export function History({ history, isFailedOnly, onAgain }: HistoryProps) {
  const { runs, error, hasMore, more, reload } = history;
  if (runs === undefined) return <Loaded of={{ value: runs, error, reload }} />;
  if (runs.length === 0 && isFailedOnly) {
    return (
      <>
        <Filter isFailedOnly />
        <Empty title={t('noFailedRuns')} />
      </>
    );
  }
  if (runs.length === 0) return <Empty title={t('noRuns')}>{t('noRunsText')}</Empty>;
  return (
    <>
      <div class="row">
        <RunStrip runs={runs} />
        <Filter isFailedOnly={isFailedOnly} />
      </div>
      <div class="scroll-x">
        <table class="table run-table">
          <caption class="off-screen">{t('history')}</caption>
          <TableHead names={[t('outcome'), t('scheduled'), t('duration'), t('result')]} />
          <tbody>
            {runs.map((run) => (
              <RunRow key={run.id} run={run} onAgain={onAgain} />
            ))}
          </tbody>
        </table>
      </div>
      {hasMore && <Button text={t('older')} onClick={() => void more()} />}
    </>
  );
}
