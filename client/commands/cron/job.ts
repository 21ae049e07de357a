/** Scheduled jobs as the API gives them, and their fields as flags. */
import { GatewayError } from '../../../shared/errors.js';
import { JOB_FLAG_FIELDS, type JobFlagKind } from '../../../shared/cron-command.js';
import { parseSince } from '../../../shared/log/since.js';

export interface CronJob {
  readonly id: string;
  readonly name: string;
  readonly schedule: string;
  readonly message: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly nextRunAt: string | null;
  readonly lastRun: { readonly id: string; readonly state: string; readonly session: string | null } | null;
}

export type JobFlag = (typeof JOB_FLAG_FIELDS)[number]['flag'];

type Read = (text: string, flag: string) => string | number | null;

/** An empty text empties the field. */
const readText: Read = (text) => (text === '' ? null : text);

/** `90s`, `1h30m` in ms. */
const readDuration: Read = (text, flag) => {
  const before = /^\d/.test(text) ? parseSince(text, 0) : undefined;
  if (before !== undefined && before <= 0 && /[smhdw]$/.test(text)) return -before;
  throw new GatewayError('USAGE', {
    message: `${flag} is '${text}'; it must be a duration`,
    hint: 'Units are s, m, h, d and w, as in 1h30m.',
  });
};

const readCount: Read = (text, flag) => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new GatewayError('USAGE', { message: `${flag} is '${text}'; it must be a whole number from 0` });
};

const READERS: Readonly<Record<JobFlagKind, Read>> = { text: readText, duration: readDuration, count: readCount };

/** Flags, the fields of the API that they set, and how they are read. */
export const JOB_FLAGS: readonly { readonly flag: JobFlag; readonly field: string; readonly read: Read }[] = JOB_FLAG_FIELDS.map(
  ({ flag, field, kind }) => ({ flag, field, read: READERS[kind] }),
);

/** The path of one job. @throws USAGE for what cannot be an id */
export function jobPath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/cron/${id}`;
  throw new GatewayError('USAGE', { message: `'${id}' is no job id`, hint: 'See them with: xopc cron list' });
}

export function describeJob({ id, enabled, nextRunAt }: CronJob): string {
  return enabled ? `${id} next run ${nextRunAt ?? 'never'}` : `${id} disabled`;
}
