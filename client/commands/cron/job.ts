/** Maps fields of scheduled jobs to flags, and renders jobs. */
import { type ActiveHours, readActiveHours } from '../../../shared/text/active-hours.js';
import type { CronJobDocument } from '../../../shared/api/cron.js';
import { JOB_FLAG_FIELDS, type JobFlagKind } from '../../../shared/cron-job.js';
import { GatewayError } from '../../../shared/errors.js';
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

/** Replaces field names with option names in an API error: `Invalid body: 'mode' must be …`. */
export function inOptions(error: unknown): unknown {
  if (!(error instanceof GatewayError) || !error.message.startsWith(REFUSAL)) return error;
  const { code, details = {} } = error;
  const message = error.message.slice(REFUSAL.length).replace(/(?<=^|; )'(\w+)'/g, (word, field) => {
    const flag = JOB_FLAGS.find((known) => known.field === field)?.flag;
    return flag === undefined ? word : `--${flag}`;
  });
  return new GatewayError(code, { message: message.replace(/\.$/, ''), details });
}

/** Returns the API path of one job. @throws USAGE for an invalid id */
export function jobPath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/cron/${id}`;
  throw usage(`invalid job id '${id}'`, 'See them with: xopc cron list');
}

/** Reads `--active` and `--days`. @returns null when both are set to empty, undefined when neither is given. @throws USAGE */
export function readHours(active: string | undefined, days: string | undefined): ActiveHours | null | undefined {
  if (active === undefined && days === undefined) return undefined;
  if (active === '' || (active === undefined && days === '')) return null;
  const hours = readActiveHours(active, days === '' ? undefined : days);
  if (hours !== undefined) return hours;
  throw usage('--active must be like 08:00-22:00, --days like mon-fri or sat,sun');
}

export function describeJob({ id, enabled, nextRunAt }: CronJobDocument): string {
  return enabled ? `${id} next run ${nextRunAt ?? 'never'}` : `${id} disabled`;
}
