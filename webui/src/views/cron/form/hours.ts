/** The hours of a job between the form's fields and the API. */
import { type ActiveHours, formatDays } from '../../../../../shared/text/active-hours.js';

export const WEEK = [1, 2, 3, 4, 5, 6, 7] as const;

/** Times as `08:00`, or empty. */
export interface HoursDraft {
  readonly activeFrom: string;
  readonly activeTo: string;
  /** `12345`: Monday to Friday; empty: every day. */
  readonly activeDays: string;
}

export const daysOf = (days: string): number[] => WEEK.filter((day) => days.includes(String(day)));

/** Returns the hours that the fields stand for; null: any time. Without hours, days are whole. */
export function hoursOf({ activeFrom, activeTo, activeDays }: HoursDraft): ActiveHours | null {
  const chosen = daysOf(activeDays);
  const days = chosen.length === WEEK.length ? [] : chosen;
  const [from, to] = [activeFrom.trim() || '00:00', activeTo.trim() || '00:00'];
  if (from === to && days.length === 0) return null;
  return { from, to, ...(days.length === 0 ? {} : { days }) };
}

/** Returns the hours as the preview takes them. */
export function hoursQuery(hours: ActiveHours | null): { active: string; days?: string } {
  if (hours === null) return { active: 'none' };
  const { from, to, days } = hours;
  return { active: `${from}-${to}`, ...(days === undefined ? {} : { days: formatDays(days) }) };
}
