/** What is wrong with the form, by field. */
import type { Said } from '../../../../../shared/text/fill-text.js';

/** The form fields that contain a field of the API. */
const FIELD_NAMES = {
  name: 'name',
  schedule: 'when',
  timezone: 'timezone',
  message: 'message',
  channel: 'target',
  accountId: 'target',
  chat_id: 'chat',
  agentId: 'agent',
  model: 'model',
  activeHours: 'active',
  dailyUsd: 'dailyUsd',
  graceMs: 'grace',
  timeoutMs: 'timeout',
  retries: 'retries',
  notifyAfter: 'notifyAfter',
  alertChannel: 'alertTarget',
  alertAccountId: 'alertTarget',
  alertChatId: 'alertChat',
} as const;

type FieldName = (typeof FIELD_NAMES)[keyof typeof FIELD_NAMES];
export type Faults = Partial<Record<FieldName, string>>;

const nameOf = (path: string): FieldName | undefined =>
  (FIELD_NAMES as Readonly<Record<string, FieldName | undefined>>)[path.split('.')[0] ?? ''];

/** Returns the gateway's errors by field; nothing if it named no field of the form. */
export function faultsOf(message: string, details: Readonly<Record<string, unknown>>): Readonly<Partial<Record<FieldName, Said>>> {
  const {
    field,
    issues = [],
    code,
    values,
  } = details as Partial<Said> & { field?: unknown; issues?: readonly (Said & { path: string })[] };
  const named = typeof field === 'string' ? [{ path: field, message, code, values }] : issues;
  return Object.fromEntries(
    named.flatMap(({ path, ...fault }) => {
      const name = nameOf(path);
      return name === undefined ? [] : [[name, fault]];
    }),
  );
}
