/** The last runs of a job at a glance. */
import type { RecentCronRun } from '../../../../shared/api/cron.js';
import { durationText, fullTime } from '../../components/time-text/time-text.js';
import { outcomeText, toneOf } from './run-state.js';
import { t } from './text.js';

export const countFailed = (runs: readonly RecentCronRun[]): number => runs.filter((run) => toneOf(run) === 'bad').length;

/** One bar per run, the newest at the right. The height is the duration, relative to the longest run. */
export function RunStrip({ runs, timezone }: { runs: readonly RecentCronRun[]; timezone: string }) {
  const shown = runs.toReversed();
  const longest = Math.max(1, ...shown.map(({ durationMs }) => durationMs ?? 0));
  const failed = countFailed(runs);
  const titleOf = (run: RecentCronRun): string => {
    const duration = run.durationMs === null ? '' : `, ${durationText(run.durationMs)}`;
    return `${fullTime(Date.parse(run.scheduledAt), timezone)}: ${outcomeText(run)}${duration}`;
  };
  return (
    <span class="run-strip" role="img" aria-label={t('strip', { count: shown.length, failed })}>
      {shown.map((run) => (
        <span
          key={run.id}
          class={`bar ${toneOf(run)}`}
          title={titleOf(run)}
          style={{ height: `${Math.round(20 + (80 * (run.durationMs ?? 0)) / longest)}%` }}
        />
      ))}
    </span>
  );
}
