/** Time zones by their IANA names. */
import { GatewayError } from '../../../shared/errors.js';
import { reason, say } from '../../../shared/text/reasons.js';

/** Returns the canonical name of a zone; `system` is the zone of this machine. @throws INVALID_REQUEST for an unknown zone */
export function resolveTimeZone(name: string): string {
  if (name === 'system') return new Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    const why = reason('unknown-zone', { field: 'timezone', name: name.slice(0, 80) });
    throw new GatewayError('INVALID_REQUEST', {
      message: say(why),
      details: { ...why, field: 'timezone' },
      hint: 'Give a name such as Europe/Berlin, Asia/Shanghai or UTC, or system for this machine’s own.',
    });
  }
}

/** Returns a function that returns the offset of a zone to UTC at an instant, in ms. */
export function createZoneClock(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  // Callers ask several times for the same instant.
  let last = { atMs: Number.NaN, offsetMs: 0 };
  return (atMs) => {
    if (last.atMs === atMs) return last.offsetMs;
    const parts = format.formatToParts(atMs);
    const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((one) => one.type === type)?.value);
    const wallMs = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
    last = { atMs, offsetMs: wallMs - Math.floor(atMs / 1_000) * 1_000 };
    return last.offsetMs;
  };
}

/** Returns an instant in the local time of a zone with this offset: `2026-03-29T03:00:00+02:00`. */
export function toLocalIso(atMs: number, offsetMs: number): string {
  const minutes = Math.abs(Math.round(offsetMs / 60_000));
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${new Date(atMs + offsetMs).toISOString().slice(0, 19)}${offsetMs < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

/** Returns an instant in a zone's local time. */
export function toZonedIso(timeZone: string, atMs: number): string {
  return toLocalIso(atMs, createZoneClock(timeZone)(atMs));
}
