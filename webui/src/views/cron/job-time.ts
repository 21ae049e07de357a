/** Times of a job, in its own zone. */
import { dateText } from '../../components/time-text/time-text.js';

export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `Fri, Nov 27, 09:00`. */
export function shortTime(at: string, timeZone: string): string {
  return formatTime(at, { timeZone });
}

/** As `shortTime`, with the zone if it is not the browser's: `Fri, Nov 27, 09:00 GMT+9`. */
export function zonedTime(at: string, timeZone: string): string {
  return formatTime(at, timeZone === ownZone() ? { timeZone } : { timeZone, timeZoneName: 'short' });
}

function formatTime(at: string, zone: Intl.DateTimeFormatOptions): string {
  const options: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' };
  return dateText(Date.parse(at), { ...options, ...zone });
}
