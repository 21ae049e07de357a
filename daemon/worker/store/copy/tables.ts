/** The tables that a copy of a database contains. Parents come before the tables that refer to them. */
export interface CopiedTable {
  readonly name: string;
  /** The columns that identify and order rows. */
  readonly key: readonly string[];
  /** The column that the database numbers by itself. */
  readonly identity?: string;
  /** How many rows are read at a time; fewer where they are large. */
  readonly rowsAtOnce: number;
}

const ROWS_AT_ONCE = 500;
/** Of some MiB. */
const FILES_AT_ONCE = 10;

const numbered = (name: string, column = 'seq', rowsAtOnce = ROWS_AT_ONCE): CopiedTable => ({
  name,
  key: [column],
  identity: column,
  rowsAtOnce,
});
const keyed = (name: string, ...key: string[]): CopiedTable => ({ name, key, rowsAtOnce: ROWS_AT_ONCE });

export const COPIED_TABLES: readonly CopiedTable[] = [
  keyed('gateway_identity', 'id'),
  numbered('sessions', 'id'),
  keyed('session_tags', 'tag', 'session_id'),
  numbered('messages'),
  keyed('turns', 'id'),
  keyed('turn_parts', 'turn_id', 'at'),
  keyed('turn_steps', 'turn_id', 'step'),
  keyed('turn_calls', 'turn_id', 'step', 'call_index'),
  numbered('attachments', 'seq', FILES_AT_ONCE),
  keyed('session_summaries', 'id'),
  keyed('idempotency_keys', 'scope', 'key'),
  numbered('outbox_messages'),
  keyed('outbox_parts', 'message_seq', 'part'),
  numbered('inbox_messages'),
  keyed('inbox_cursors', 'scope'),
  keyed('pairings', 'channel', 'account_id', 'sender_id'),
  numbered('cron_jobs'),
  numbered('cron_runs'),
  keyed('minute_samples', 'minute'),
  numbered('model_calls'),
  keyed('page_secrets', 'hash'),
  keyed('access_tokens', 'id'),
  keyed('spending', 'day', 'payer'),
  keyed('spending_reservations', 'id'),
  keyed('call_usage', 'slot', 'kind', 'model', 'agent_id', 'token_id'),
  keyed('responses', 'id'),
  numbered('response_items', 'seq', FILES_AT_ONCE),
  keyed('response_events', 'response_id', 'first'),
  keyed('response_conversations', 'id'),
  numbered('approvals', 'seq', FILES_AT_ONCE),
  numbered('approval_grants'),
];

/** A new database contains a row that the copy replaces. */
export const IDENTITY_TABLE = 'gateway_identity';

/** Records the progress of a copy in its target; exists exactly while the target is incomplete. */
export const PROGRESS_TABLE = 'xopc_copy';
