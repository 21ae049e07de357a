/** The lines of each level in the whole shown range: those up to the first page, as the gateway counts them, and those that follow. */
import { useEffect, useState } from 'preact/hooks';
import type { LogCounts } from '../../../../shared/api/gateway/logs.js';
import { levelRank, type LogLevel } from '../../../../shared/log/level.js';
import { apiPath, call } from '../../api/client.js';
import { language } from '../../i18n/language.js';
import type { LogFeed } from './log-feed.js';
import { indexFrom, type LogRow } from './log-row.js';

export interface LevelCounts {
  readonly counts: Readonly<LogCounts['counts']>;
  /** False: there are more lines than were counted. */
  readonly isComplete: boolean;
}

/** The levels that can be chosen as the lowest one. The last one shows everything. */
export const LEVEL_CHOICES = [
  { lowest: 'error', text: 'levelErrors', hint: 'levelErrorsHint' },
  { lowest: 'warn', text: 'levelWarnings', hint: 'levelWarningsHint' },
  { lowest: 'info', text: 'levelInfo', hint: 'levelInfoHint' },
  { lowest: undefined, text: 'levelDebug', hint: 'levelDebugHint' },
] as const;

export type LevelChoice = (typeof LEVEL_CHOICES)[number];

/** Tells whether the lines of a choice's own level are shown. */
export function isLevelShown({ lowest }: LevelChoice, level: LogLevel | undefined): boolean {
  return levelRank(lowest) >= levelRank(level);
}

/** Returns how many lines a choice shows: those of its level and above. */
export function countOf({ lowest }: LevelChoice, { counts }: LevelCounts): number {
  const shown = Object.entries(counts).filter(([level]) => levelRank(level) >= levelRank(lowest));
  return shown.reduce((sum, [, count]) => sum + count, 0);
}

/** Returns a number with `+` where it may be larger. */
export function countText(count: number, { isComplete }: LevelCounts): string {
  return `${count.toLocaleString(language.value)}${isComplete ? '' : '+'}`;
}

/**
 * @param rows  the feed's rows that match the search and the time, whatever their level
 * @returns the counts of the previous feed until those of this one are known; undefined where no feed was counted
 */
export function useLevelCounts(feed: LogFeed, rows: readonly LogRow[]): LevelCounts | undefined {
  const [known, setKnown] = useState<{ readonly feed: LogFeed; readonly answer: LogCounts } | undefined>(undefined);
  const start = feed.start.value;
  useEffect(() => {
    if (start === undefined) return undefined;
    const leaving = new AbortController();
    const path = apiPath('/api/logs/counts', {}, { ...feed.query, level: undefined, to: start.end ?? undefined });
    // Without an answer, the levels are shown without counts.
    call<LogCounts>('GET', path, { signal: leaving.signal }).then(
      (answer) => setKnown({ feed, answer }),
      () => leaving.signal.aborted || setKnown(undefined),
    );
    return () => leaving.abort();
  }, [feed, start]);
  if (known === undefined) return undefined;
  const counts = { ...known.answer.counts };
  const isCurrent = known.feed === feed && start !== undefined;
  const newer = isCurrent ? rows.slice(indexFrom(rows, start.nextId, ({ id }) => id)) : [];
  for (const { level, isGap } of newer) if (isGap !== true) counts[level ?? 'other'] += 1;
  return { counts, isComplete: known.answer.complete && !feed.isPartial.value };
}
