/** Describes a schedule for people: in words, and its next times with the effects of daylight saving. */
import type * as Cronstrue from 'cronstrue';
import type { CronPreview } from '../../../shared/api/cron.js';
import { parseSchedule, type Schedule, type ScheduleSource } from './schedule.js';
import { resolveTimeZone, toZonedIso, zoneOffsetMs } from './time-zone.js';

/** Puts a cron expression into words; loaded on first use. */
export interface CronWords {
  readonly describe: typeof Cronstrue.toString;
}

type PreviewedRun = CronPreview['runs'][number];

/** No zone moves its clocks by more than this at once. */
const LOOK_AROUND_MS = 3 * 3_600_000;

function noteOf(timeZone: string, atMs: number): PreviewedRun['note'] {
  const here = zoneOffsetMs(timeZone, atMs);
  const after = zoneOffsetMs(timeZone, atMs + LOOK_AROUND_MS);
  const before = zoneOffsetMs(timeZone, atMs - LOOK_AROUND_MS);
  // The clocks are set back later: the same local time comes again.
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

/** An `at` in the past and a schedule that never fires are warnings. @throws INVALID_REQUEST that names the field */
export function previewSchedule(source: ScheduleSource, options: PreviewOptions): Omit<CronPreview, 'schedule'> {
  const timezone = resolveTimeZone(source.timezone);
  const schedule = parseSchedule(source);
  const runs: PreviewedRun[] = [];
  for (let atMs = schedule.next(options.nowMs); atMs !== null && runs.length < options.count; atMs = schedule.next(atMs)) {
    runs.push({ at: new Date(atMs).toISOString(), local: toZonedIso(timezone, atMs), note: noteOf(timezone, atMs) });
  }
  const warning =
    runs.length > 0 ? null : schedule.kind === 'at' ? 'the time is in the past: the job never fires' : 'the schedule never fires';
  return { timezone, words: wordsOf(schedule, source.schedule.trim(), options.loadWords), warning, runs };
}
