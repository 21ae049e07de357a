/** Parses and formats the hours and days in which a scheduled job may fire: `08:00-22:00` and `mon-fri`. */
import type { CronJobInput } from '../api/cron.js';

/**
 * `to` at or before `from` is on the next day. `days` are the days on which the hours begin, 1 Monday to 7 Sunday; undefined: every
 * day.
 */
export type ActiveHours = NonNullable<CronJobInput['activeHours']>;

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const SPAN = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;

const dayOf = (text: string): number => (/^[1-7]$/.test(text) ? Number(text) : DAYS.findIndex((day) => day === text) + 1);

/** Returns the days of `mon-fri`, `sat,sun`, `6-1`, in order; undefined for any other text. */
export function parseDays(text: string): number[] | undefined {
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [first = 0, last = first, ...rest] = part.split('-').map((day) => dayOf(day.trim()));
    if (first === 0 || last === 0 || rest.length > 0) return undefined;
    for (let day = first; ; day = (day % 7) + 1) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].toSorted((a, b) => a - b);
}

/** Returns days as a text that {@link parseDays} reads. */
export function formatDays(days: readonly number[]): string {
  const parts: string[] = [];
  for (let first = 0; first < days.length;) {
    let last = first;
    while (days[last + 1] === (days[last] ?? 0) + 1) last += 1;
    const names = [days[first], days[last]].flatMap((day) => DAYS[(day ?? 0) - 1] ?? []);
    parts.push(...(last - first > 1 ? [names.join('-')] : [...new Set(names)]));
    first = last + 1;
  }
  return parts.join(',');
}

/** Parses both texts; without hours, days are whole. @returns undefined if one of them is invalid */
export function readActiveHours(span: string | undefined, days: string | undefined): ActiveHours | undefined {
  const text = span ?? '00:00-00:00';
  const read = days === undefined ? [] : parseDays(days);
  if (!SPAN.test(text) || read === undefined) return undefined;
  const [from = '', to = ''] = text.replace('24:00', '00:00').split('-');
  return { from, to, ...(days === undefined ? {} : { days: read }) };
}
