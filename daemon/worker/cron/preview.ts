/** Describes a schedule for people: in words, and its next times with the effects of daylight saving. */
import { isoTime } from '../../../shared/clock.js';
import type * as Cronstrue from 'cronstrue';
import type { CronPreview } from '../../../shared/api/cron.js';
import { parseSchedule, type Schedule, type ScheduleSource, timesFrom, whyNever } from './schedule.js';
import { createZoneClock, resolveTimeZone, toLocalIso } from './time-zone.js';

/** Puts a cron expression into words; loaded on first use. */
export interface CronWords {
  readonly describe: typeof Cronstrue.toString;
}

type Words = CronPreview['words'];
type PreviewedRun = CronPreview['runs'][number];

/** No zone moves its clocks by more than this at once. */
const LOOK_AROUND_MS = 3 * 3_600_000;

function noteOf(schedule: Schedule, offsetAt: (atMs: number) => number, atMs: number): PreviewedRun['note'] {
  const here = offsetAt(atMs);
  const after = offsetAt(atMs + LOOK_AROUND_MS);
  const before = offsetAt(atMs - LOOK_AROUND_MS);
  // The clocks are set back later, so the same local time occurs again.
  if (after < here && offsetAt(atMs + here - after) === after) return 'repeated';
  if (before > here && offsetAt(atMs - (before - here)) === before) return 'repeated-again';
  return schedule.isMoved?.(atMs) === true ? 'gap' : null;
}

const UNIT_NAMES: Readonly<Record<string, readonly [en: string, zh: string]>> = {
  s: ['second', '秒'],
  m: ['minute', '分钟'],
  h: ['hour', '小时'],
  d: ['day', '天'],
  w: ['week', '周'],
};

/** @param text  `1h30m` */
function intervalWords(text: string): Words {
  const parts = Array.from(text.toLowerCase().matchAll(/(\d+)\s*([smhdw])/g), ([, count = '', unit = '']) => {
    const [en = '', zh = ''] = UNIT_NAMES[unit] ?? [];
    return { count: Number(count), en, zh };
  });
  const [first] = parts;
  const isOne = parts.length === 1 && first?.count === 1;
  const en = isOne ? first.en : parts.map(({ count, en: name }) => `${count} ${name}${count === 1 ? '' : 's'}`).join(' ');
  return { en: `Every ${en}`, zh: `每 ${parts.map(({ count, zh }) => `${count} ${zh}`).join(' ')}` };
}

const dayNames = (days: readonly number[], language: string): string[] => {
  const format = new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' });
  // 1970 began on a Thursday.
  return days.map((day) => format.format((day + 3) * 86_400_000));
};

/** Returns a schedule that is known to be valid in words. */
export function wordsOf({ schedule, activeHours }: Pick<ScheduleSource, 'schedule' | 'activeHours'>, loadWords: () => CronWords): Words {
  const words = timesInWords(schedule, loadWords);
  if (!activeHours) return words;
  const { from, to, days } = activeHours;
  const span = from === to && from === '00:00' ? [] : [`${from}–${to}`];
  const en = [...span, ...(days === undefined ? [] : [dayNames(days, 'en').join(', ')])].join(', ');
  const zh = [...(days === undefined ? [] : [dayNames(days, 'zh').join('、')]), ...span].join(' ');
  return { en: `${words.en}, only ${en}`, zh: `${words.zh}，仅限 ${zh}` };
}

const ZH_DAYS = '日一二三四五六';

/**
 * `每天 08:00`, `工作日 07:30`, `每周日 22:00`, `每月 1 日 09:00`: natural phrases for what the library describes; undefined for anything
 * else.
 */
function dailyInChinese(cron: string): string | undefined {
  const [, minute = '', hour = '', date = '', day = ''] = /^(\d+)\s+(\d+)\s+(\*|\d+)\s+\*\s+(\*|1-5|[0-7](?:,[0-7])*)$/.exec(cron) ?? [];
  if (minute === '' || (date !== '*' && day !== '*')) return undefined;
  const names = day.split(',').map((number) => `每周${ZH_DAYS.charAt(Number(number) % 7)}`);
  const days = date !== '*' ? `每月 ${date} 日` : day === '*' ? '每天' : day === '1-5' ? '工作日' : names.join('、');
  return `${days} ${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;
}

function timesInWords(schedule: string, loadWords: () => CronWords): Words {
  const text = schedule.trim();
  const [, interval] = /^every\s+(.*)$/i.exec(text) ?? [];
  if (interval !== undefined) return intervalWords(interval);
  const [, time] = /^(?:at\s+)?(\d{4}-.*)$/i.exec(text) ?? [];
  if (time !== undefined) {
    const shown = time.replace('T', ' ');
    return { en: `Once, at ${shown}`, zh: `仅一次，${shown}` };
  }
  const options = { use24HourTimeFormat: true, throwExceptionOnParseError: false };
  const { describe } = loadWords();
  const zh = dailyInChinese(text) ?? describe(text, { ...options, locale: 'zh_CN' }).replaceAll(', ', '，');
  return { en: describe(text, { ...options, locale: 'en' }), zh };
}

export interface PreviewOptions {
  readonly nowMs: number;
  /** Maximum number of times; a schedule that is rarely in its active hours gets fewer. */
  readonly count: number;
  readonly loadWords: () => CronWords;
  /** The first time to list; by default the first one after now. */
  readonly firstMs?: number | undefined;
}

const WARNINGS = {
  'in-the-past': 'the time is in the past: the job never fires',
  'never-fires': 'the schedule never fires',
  'never-active': 'the schedule never fires in its active hours',
} as const;

/** An `at` in the past and a schedule that never fires are warnings. Rejects with INVALID_REQUEST that names the field. */
export async function previewSchedule(source: ScheduleSource, options: PreviewOptions): Promise<Omit<CronPreview, 'schedule'>> {
  const { nowMs, count, firstMs } = options;
  const timezone = resolveTimeZone(source.timezone);
  const offsetAt = createZoneClock(timezone);
  const runs: PreviewedRun[] = [];
  const always = parseSchedule({ ...source, activeHours: null });
  for await (const atMs of timesFrom(parseSchedule(source), { afterMs: nowMs, firstMs })) {
    runs.push({ at: isoTime(atMs), local: toLocalIso(atMs, offsetAt(atMs)), note: noteOf(always, offsetAt, atMs) });
    if (runs.length === count) break;
  }
  const warningCode = runs.length > 0 ? null : whyNever(source, options.nowMs);
  const warning = warningCode === null ? null : WARNINGS[warningCode];
  return { timezone, words: wordsOf(source, options.loadWords), warning, warningCode, runs };
}
