/** Maps fields of scheduled jobs to flags, and renders jobs. */
import { type ActiveHours, formatDays, readActiveHours } from '../../../shared/text/active-hours.js';
import type { CronJobAnswer } from '../../../shared/api/cron.js';
import { ENABLE_JOBS } from '../../../shared/config/defaults.js';
import { JOB_FLAG_FIELDS, type JobFlagKind } from '../../../shared/cron-job.js';
import { GatewayError } from '../../../shared/errors.js';
import type { ReasonCode } from '../../../shared/text/reasons.js';
import { formatDuration } from '../../output/duration.js';
import { parseDuration } from '../../cli/parse-options.js';
import { usage } from '../../cli/usage.js';

const REFUSAL = 'Invalid body: ';

export type JobFlag = (typeof JOB_FLAG_FIELDS)[number]['flag'];

type Read = (text: string, flag: string) => string | number | null;

const readText: Read = (text) => text;

const readCount: Read = (text, flag) => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw usage(`${flag} is '${text}'; it must be a whole number from 0`);
};

const readAmount: Read = (text, flag) => {
  if (/^\d{1,7}(?:\.\d{1,6})?$/.test(text)) return Number(text);
  throw usage(`${flag} is '${text}'; it must be an amount of US dollars`, `e.g. ${flag} 2.50`);
};

const READERS: Readonly<Record<JobFlagKind, Read>> = { text: readText, duration: parseDuration, count: readCount, amount: readAmount };

/** Flags, the fields of the API that they set, and how they are read; an empty text stands for the default. */
export const JOB_FLAGS: readonly { readonly flag: JobFlag; readonly field: string; readonly read: Read }[] = JOB_FLAG_FIELDS.map(
  ({ flag, field, kind }) => ({ flag, field, read: (text, name) => (text === '' ? null : READERS[kind](text, name)) }),
);

/** Codes of API errors that name fields without quotes, as words of a sentence. */
const FIELD_REASONS: readonly unknown[] = ['given-together', 'chat-required', 'name-empty'] satisfies ReasonCode[];

const flagOf = (field: string): (typeof JOB_FLAG_FIELDS)[number] | undefined => JOB_FLAG_FIELDS.find((known) => known.field === field);

/** Replaces fields with options in an error about body fields, and limits in milliseconds with durations. */
function refusedOptions(text: string): string {
  return text.replace(/(?<=^|; )'(\w+)'( must be at (?:most|least) \d+)?/g, (whole: string, field: string, limit?: string) => {
    const { flag, kind } = flagOf(field) ?? {};
    if (flag === undefined) return whole;
    const shown = kind === 'duration' ? limit?.replace(/\d+/, (ms) => formatDuration(Number(ms))) : limit;
    return `--${flag}${shown ?? ''}`;
  });
}

/** Replaces field names with options in an API error: `Invalid body: 'mode' must be …`, `channel and chat_id are …`. */
export function inOptions(error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error;
  const { code, details = {} } = error;
  if (error.message.startsWith(REFUSAL))
    return new GatewayError(code, { message: refusedOptions(error.message.slice(REFUSAL.length)).replace(/\.$/, ''), details });
  if (!FIELD_REASONS.includes(details['code'])) return error;
  const message = error.message.replaceAll(/\w+/g, (word) => {
    const flag = flagOf(word)?.flag;
    return flag === undefined ? word : `--${flag}`;
  });
  return new GatewayError(code, { message, details });
}

/** Returns the API path of one job. @throws USAGE for an invalid id */
export function jobPath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/cron/${id}`;
  throw usage(`invalid job id '${id}'`, 'See them with: xopc cron list');
}

export interface HoursFlags {
  readonly active: string | undefined;
  readonly days: string | undefined;
}

/** Whether only one of the two is given, so that the other one keeps its value. */
export const isHalfOfHours = ({ active, days }: HoursFlags): boolean => active !== '' && (active === undefined) !== (days === undefined);

/**
 * Reads `--active` and `--days`. @returns null if they are emptied, undefined if neither is given. @throws USAGE
 * @param before  the current hours of the job, which supply the option that is not given
 */
export function readHours({ active, days }: HoursFlags, before: ActiveHours | null = null): ActiveHours | null | undefined {
  if (active === undefined && days === undefined) return undefined;
  if (active === '' && days) throw usage("--active '' means any time, also on any day", 'For whole days, leave --active out.');
  if (active === '') return null;
  const span = active ?? (before === null ? undefined : `${before.from}-${before.to}`);
  const dayText = days ?? (before?.days === undefined ? '' : formatDays(before.days));
  const hours = readActiveHours(span, dayText === '' ? undefined : dayText);
  if (hours === undefined) throw usage('--active must be like 08:00-22:00, --days like mon-fri or sat,sun');
  const isAnyTime = hours.from === '00:00' && hours.to === '00:00' && hours.days === undefined;
  return isAnyTime ? null : hours;
}

export type JobAnswer = Pick<CronJobAnswer, 'job' | 'warning'>;

/** Returns a line about a job, and a note if it is enabled but no job runs. */
export function describeJob({ job, warning }: JobAnswer): [text: string, note?: string] {
  const { id, enabled, nextRunAt } = job;
  if (!enabled) return [`${id} disabled`];
  const text = `${id} next run ${nextRunAt ?? 'never'}`;
  return warning === undefined ? [text] : [text, disabledNote(warning)];
}

export const disabledNote = (warning: string): string => `No job runs: ${warning}. ${ENABLE_JOBS}`;
