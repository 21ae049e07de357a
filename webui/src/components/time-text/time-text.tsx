/** Times and amounts as people read them, in the page's language. */
import { computed } from '@preact/signals';
import { now } from '../../browser/now.js';
import { language } from '../../i18n/language.js';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** Created once per language: creating one is slow. */
const relativeFormats = computed(() => ({
  long: new Intl.RelativeTimeFormat(language.value, { numeric: 'auto' }),
  short: new Intl.RelativeTimeFormat(language.value, { numeric: 'auto', style: 'short' }),
}));

const dateFormats = computed(() => ({ locale: language.value, byOptions: new Map<string, Intl.DateTimeFormat>() }));

/** Returns a date in the page's language, with hours from 0 to 23. A format is created once: creating one takes as long as rendering a message. */
export function dateText(at: number | Date, options: Intl.DateTimeFormatOptions): string {
  const { locale, byOptions } = dateFormats.value;
  // A format keeps the time zone that the computer had then. A laptop travels while the page is open.
  const key = `${new Date().getTimezoneOffset()} ${JSON.stringify(options)}`;
  const format = byOptions.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, hourCycle: 'h23' });
  byOptions.set(key, format);
  return format.format(at);
}

/** @param timeZone  undefined: the browser's */
const midnight = (ms: number, timeZone: string | undefined): number =>
  timeZone === undefined ? new Date(ms).setHours(0, 0, 0, 0) : Date.parse(new Intl.DateTimeFormat('en-CA', { timeZone }).format(ms));

interface RelativeOptions {
  /** Default `long`. */
  readonly style?: 'long' | 'short';
  /** Whose days count; the browser's by default. */
  readonly timeZone?: string;
}

/** `in 5 minutes`, `2 days ago`; days are those of the calendar: 30 hours from now may be tomorrow or in 2 days. */
export function relativeTime(atMs: number, nowMs = now(), { style = 'long', timeZone }: RelativeOptions = {}): string {
  const distance = atMs - nowMs;
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? ['second', 1_000];
  const length = unit === 'day' ? midnight(atMs, timeZone) - midnight(nowMs, timeZone) : distance;
  return relativeFormats.value[style].format(Math.round(length / size), unit);
}

/** `Tue, Nov 24, 2026, 20:15:00`, in the browser's zone or the named one. */
export function fullTime(atMs: number, timeZone?: string): string {
  return dateText(atMs, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
}

/** `14:05`, in the browser's zone. */
export function clockTime(at: number | string): string {
  return dateText(new Date(at), { hour: '2-digit', minute: '2-digit' });
}

/**
 * `2026-11-24T18:05:30`: the value of a `datetime-local` field, in the browser's zone or in UTC; empty for an invalid time.
 * @param length  of the text in characters: 23 includes the milliseconds
 */
export function fieldTime(atMs: number, isUtc = false, length = 19): string {
  if (Number.isNaN(atMs)) return '';
  return new Date(isUtc ? atMs : atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, length);
}

/** Returns the time that such a field has. */
export const timeOfField = (value: string, isUtc: boolean): Date => new Date(isUtc ? `${value}Z` : value);

/** `1.2M`, `34k`. */
export function shortCount(count: number): string {
  return new Intl.NumberFormat(language.value, { notation: 'compact', maximumFractionDigits: 1 }).format(count).replace('K', 'k');
}

/** `$10`, `$1.25`, `$0.0042`: an amount of US dollars. */
export function dollars(amount: number): string {
  const digits: Intl.NumberFormatOptions =
    amount > 0 && amount < 0.01
      ? { maximumSignificantDigits: 2 }
      : { minimumFractionDigits: Number.isInteger(amount) ? 0 : 2, maximumFractionDigits: amount < 1 ? 3 : 2 };
  const options: Intl.NumberFormatOptions = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', ...digits };
  return new Intl.NumberFormat(language.value, options).format(amount);
}

/** `850 B`, `4.2 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1_000 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

const LENGTHS = { en: ['d', 'h', 'min', 's', 'ms'], zh: ['天', '小时', '分钟', '秒', '毫秒'] };

/** `850 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`, `5 d 3 h`. */
export function durationText(ms: number): string {
  const [days, hours, minutes, second, milli] = LENGTHS[language.value];
  if (ms < 1_000) return `${Math.round(ms)} ${milli}`;
  const seconds = ms / 1_000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} ${second}`;
  const parts = [
    [Math.floor(seconds / 86_400), days],
    [Math.floor(seconds / 3_600) % 24, hours],
    [Math.floor(seconds / 60) % 60, minutes],
    [Math.floor(seconds) % 60, second],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

interface AgoProps {
  /** ISO 8601. */
  readonly at: string;
  readonly class?: string | undefined;
  /** Default `span`. */
  readonly as?: 'span' | 'td';
  /** Puts the time into a sentence. */
  readonly text?: (time: string) => string;
}

/** A time relative to now; the full time is in the title. */
export function Ago({ at, class: name, as: Tag = 'span', text = (time) => time }: AgoProps) {
  const atMs = Date.parse(at);
  return (
    <Tag class={name} title={fullTime(atMs)}>
      {text(relativeTime(atMs))}
    </Tag>
  );
}
