/** Scheduled jobs outside the API: the defaults of their fields, and the flags of `xopc cron` for them. */
import { type ActiveHours, formatDays } from './text/active-hours.js';
import type { CronJobDocument, CronJobInput } from './api/cron.js';
import { shellCommand, shellWord } from './text/shell-word.js';

export type JobFlagKind = 'text' | 'duration' | 'count' | 'amount';

export interface JobFlagField {
  readonly flag: string;
  readonly field: Exclude<keyof CronJobInput, 'schedule' | 'message' | 'enabled' | 'activeHours'>;
  readonly kind: JobFlagKind;
}

/** All fields of a job except schedule, message and enabled, which have no flag, and its active hours, which have two. */
export const JOB_FLAG_FIELDS = [
  { flag: 'name', field: 'name', kind: 'text' },
  { flag: 'timezone', field: 'timezone', kind: 'text' },
  { flag: 'mode', field: 'mode', kind: 'text' },
  { flag: 'channel', field: 'channel', kind: 'text' },
  { flag: 'chat', field: 'chat_id', kind: 'text' },
  { flag: 'account', field: 'accountId', kind: 'text' },
  { flag: 'agent', field: 'agentId', kind: 'text' },
  { flag: 'model', field: 'model', kind: 'text' },
  { flag: 'daily-usd', field: 'dailyUsd', kind: 'amount' },
  { flag: 'session', field: 'session', kind: 'text' },
  { flag: 'overlap', field: 'overlap', kind: 'text' },
  { flag: 'missed', field: 'missed', kind: 'text' },
  { flag: 'interrupted', field: 'interrupted', kind: 'text' },
  { flag: 'grace', field: 'graceMs', kind: 'duration' },
  { flag: 'timeout', field: 'timeoutMs', kind: 'duration' },
  { flag: 'retries', field: 'retries', kind: 'count' },
  { flag: 'notify-after', field: 'notifyAfter', kind: 'count' },
  { flag: 'alert-channel', field: 'alertChannel', kind: 'text' },
  { flag: 'alert-chat', field: 'alertChatId', kind: 'text' },
  { flag: 'alert-account', field: 'alertAccountId', kind: 'text' },
] as const satisfies readonly JobFlagField[];

/** Fields without a fixed default: required ones, and those that depend on others or on the configuration. */
type Computed = 'name' | 'schedule' | 'message' | 'timezone' | 'graceMs';

/** Defaults of a new job. */
export const JOB_DEFAULTS: Pick<CronJobDocument, Exclude<keyof CronJobInput, Computed>> & {
  readonly chat_id: null;
  readonly alertChatId: null;
} = {
  mode: 'direct',
  channel: null,
  chat_id: null,
  accountId: null,
  agentId: null,
  session: 'isolated',
  model: null,
  activeHours: null,
  dailyUsd: null,
  enabled: true,
  overlap: 'skip',
  missed: 'once',
  interrupted: 'leave',
  timeoutMs: 600_000,
  retries: 3,
  notifyAfter: 3,
  alertChannel: null,
  alertChatId: null,
  alertAccountId: null,
};

type JobFields = Readonly<Record<string, unknown>>;

function flagText(kind: JobFlagKind, value: unknown): string {
  return kind === 'duration' ? `${Math.ceil(Number(value) / 1_000)}s` : String(value as string | number);
}

/** @param value  null for none */
function hoursFlags(value: unknown, noDays: readonly string[] = []): string[] {
  if (value === undefined) return [];
  if (value === null) return ["--active ''"];
  const { from, to, days } = value as ActiveHours;
  return [shellCommand`--active ${`${from}-${to}`}`, ...(days === undefined ? noDays : [shellCommand`--days ${formatDays(days)}`])];
}

/** Returns the command line that creates such a job. */
export function cronAddCommand(job: JobFields): string {
  const flags = JOB_FLAG_FIELDS.flatMap(({ flag, field, kind }) => {
    const value = job[field];
    if (value === null || value === undefined || value === (JOB_DEFAULTS as JobFields)[field]) return [];
    return [`--${flag} ${shellWord(flagText(kind, value))}`];
  });
  const words = [shellWord(String(job['schedule'])), shellWord(String(job['message']))];
  return [
    'xopc cron add',
    ...words,
    ...flags,
    ...hoursFlags(job['activeHours'] ?? undefined),
    ...(job['enabled'] === false ? ['--disabled'] : []),
  ].join(' ');
}

/** Returns the command line that makes such a change. Null stands for the default of a field, as an empty text of a flag does. */
export function cronEditCommand(id: string, change: JobFields): string {
  const { schedule, message, enabled } = change;
  const texts = Object.entries({ schedule, message }).flatMap(([flag, value]) =>
    typeof value === 'string' ? [`--${flag} ${shellWord(value)}`] : [],
  );
  const flags = JOB_FLAG_FIELDS.flatMap(({ flag, field, kind }) => {
    const value = change[field];
    if (value === undefined) return [];
    return [`--${flag} ${value === null ? "''" : shellWord(flagText(kind, value))}`];
  });
  // Without the flag, the days would stay.
  const all = [...texts, ...flags, ...hoursFlags(change['activeHours'], ["--days ''"])];
  const edit = all.length === 0 ? [] : [[shellCommand`xopc cron edit ${id}`, ...all].join(' ')];
  const toggle = typeof enabled === 'boolean' ? [shellCommand`xopc cron ${enabled ? 'enable' : 'disable'} ${id}`] : [];
  return [...edit, ...toggle].join(' && ');
}
