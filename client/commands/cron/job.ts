/** Scheduled jobs as the API gives them, and their fields as flags. */
import { GatewayError } from '../../../shared/errors.js';
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

export type JobFlag =
  | 'name'
  | 'timezone'
  | 'mode'
  | 'channel'
  | 'chat'
  | 'account'
  | 'agent'
  | 'model'
  | 'session'
  | 'overlap'
  | 'missed'
  | 'interrupted'
  | 'grace'
  | 'timeout'
  | 'retries'
  | 'notify-after'
  | 'alert-channel'
  | 'alert-chat'
  | 'alert-account';

type Read = (text: string, flag: string) => string | number;

const readText: Read = (text) => text;

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

/** Flags, the fields of the API that they set, and how they are read. */
export const JOB_FLAGS: readonly { readonly flag: JobFlag; readonly field: string; readonly read: Read }[] = [
  { flag: 'name', field: 'name', read: readText },
  { flag: 'timezone', field: 'timezone', read: readText },
  { flag: 'mode', field: 'mode', read: readText },
  { flag: 'channel', field: 'channel', read: readText },
  { flag: 'chat', field: 'chat_id', read: readText },
  { flag: 'account', field: 'accountId', read: readText },
  { flag: 'agent', field: 'agentId', read: readText },
  { flag: 'model', field: 'model', read: readText },
  { flag: 'session', field: 'session', read: readText },
  { flag: 'overlap', field: 'overlap', read: readText },
  { flag: 'missed', field: 'missed', read: readText },
  { flag: 'interrupted', field: 'interrupted', read: readText },
  { flag: 'grace', field: 'graceMs', read: readDuration },
  { flag: 'timeout', field: 'timeoutMs', read: readDuration },
  { flag: 'retries', field: 'retries', read: readCount },
  { flag: 'notify-after', field: 'notifyAfter', read: readCount },
  { flag: 'alert-channel', field: 'alertChannel', read: readText },
  { flag: 'alert-chat', field: 'alertChatId', read: readText },
  { flag: 'alert-account', field: 'alertAccountId', read: readText },
];

/** What a new job has where nothing is said; `graceMs` depends on the schedule. */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  mode: 'direct',
  session: 'isolated',
  overlap: 'skip',
  missed: 'once',
  interrupted: 'leave',
  timeoutMs: 600_000,
  retries: 3,
  notifyAfter: 3,
};

function quote(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command line that makes the same job again. */
export function addCommandOf(job: CronJob): string {
  const values = job as unknown as Readonly<Record<string, unknown>>;
  const flags = JOB_FLAGS.flatMap(({ flag, field, read }) => {
    const value = values[field];
    if (value === null || value === undefined || value === DEFAULTS[field]) return [];
    return [`--${flag} ${quote(read === readDuration ? `${Math.ceil(Number(value) / 1_000)}s` : String(value as string | number))}`];
  });
  return ['xopc cron add', quote(job.schedule), quote(job.message), ...flags, ...(job.enabled ? [] : ['--disabled'])].join(' ');
}

/** The path of one job. @throws USAGE for what cannot be an id */
export function jobPath(id: string): string {
  if (/^[\w.-]{1,128}$/.test(id)) return `/api/cron/${id}`;
  throw new GatewayError('USAGE', { message: `'${id}' is no job id`, hint: 'See them with: xopc cron list' });
}

export function describeJob({ id, enabled, nextRunAt }: CronJob): string {
  return enabled ? `${id} next run ${nextRunAt ?? 'never'}` : `${id} disabled`;
}
