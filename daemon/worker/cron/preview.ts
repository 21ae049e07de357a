/** A schedule for people: in words, and its next times with what daylight saving does to them. */
import type * as Cronstrue from 'cronstrue';
import { parseSchedule, type Schedule, type ScheduleSource } from './schedule.js';
import { resolveTimeZone, toZonedIso, zoneOffsetMs } from './time-zone.js';

/** What puts an expression into words; loaded late. */
export interface CronWords {
  readonly describe: typeof Cronstrue.toString;
}

export interface PreviewedRun {
  readonly atMs: number;
  /** As the clocks of the zone show it, with their distance to UTC. */
  readonly local: string;
  /**
   * `gap`: the clocks have just skipped an hour, and this time stands right behind. `repeated`: the wall time comes
   * twice that day, and this is the first; `repeated-again`: the second.
   */
  readonly note: 'gap' | 'repeated' | 'repeated-again' | null;
}

export interface SchedulePreview {
  readonly timezone: string;
  readonly words: { readonly en: string; readonly zh: string };
  readonly warning: string | null;
  readonly runs: readonly PreviewedRun[];
}

/** No zone moves its clocks by more at a time. */
const LOOK_AROUND_MS = 3 * 3_600_000;

function noteOf(timeZone: string, atMs: number): PreviewedRun['note'] {
  const here = zoneOffsetMs(timeZone, atMs);
  const after = zoneOffsetMs(timeZone, atMs + LOOK_AROUND_MS);
  const before = zoneOffsetMs(timeZone, atMs - LOOK_AROUND_MS);
  // Set back later: the same wall time comes again when the clocks have gone back.
  if (after < here && zoneOffsetMs(timeZone, atMs + here - after) === after) return 'repeated';
  if (before > here && zoneOffsetMs(timeZone, atMs - (before - here)) === before) return 'repeated-again';
  return zoneOffsetMs(timeZone, atMs - 1_000) < here ? 'gap' : null;
}

function wordsOf(schedule: Schedule, text: string, loadWords: () => CronWords): { en: string; zh: string } {
  if (schedule.kind !== 'cron') return { en: text, zh: text.replace(/^every\s+/i, '每 ').replace(/^at\s+/i, '在 ') };
  const options = { use24HourTimeFormat: true, throwExceptionOnParseError: false };
  const { describe } = loadWords();
  return { en: describe(text, { ...options, locale: 'en' }), zh: describe(text, { ...options, locale: 'zh_CN' }) };
}

export interface PreviewOptions {
  readonly nowMs: number;
  readonly count: number;
  readonly loadWords: () => CronWords;
}

/** @throws INVALID_REQUEST that names the field; an `at` that is past, and what never fires, is a warning here */
export function previewSchedule(source: ScheduleSource, options: PreviewOptions): SchedulePreview {
  const timezone = resolveTimeZone(source.timezone);
  const schedule = parseSchedule(source);
  const runs: PreviewedRun[] = [];
  for (let atMs = schedule.next(options.nowMs); atMs !== null && runs.length < options.count; atMs = schedule.next(atMs)) {
    runs.push({ atMs, local: toZonedIso(timezone, atMs), note: noteOf(timezone, atMs) });
  }
  const warning = runs.length > 0 ? null : schedule.kind === 'at' ? 'it is in the past: it never fires' : 'it never fires';
  return { timezone, words: wordsOf(schedule, source.schedule.trim(), options.loadWords), warning, runs };
}
