/** The tables of scheduled jobs; see `cron-jobs.ts` and `cron-runs.ts` for the meaning of the columns. */
import type { Generated } from 'kysely';
import type { CronJobDocument, CronRunDocument } from '../../../../shared/api/cron.js';

/** The time of the next occurrence of a job that may have run elsewhere until now: its next one is still to be planned. */
export const NOT_PLANNED = 0;

export interface CronJobTable {
  seq: Generated<number>;
  id: string;
  name: string;
  schedule: string;
  timezone: string;
  anchor_at: number;
  message: string;
  mode: CronJobDocument['mode'];
  channel: string | null;
  account_id: string | null;
  chat_id: string | null;
  agent_id: string | null;
  session: CronJobDocument['session'];
  model: string | null;
  overlap: CronJobDocument['overlap'];
  missed: CronJobDocument['missed'];
  interrupted: CronJobDocument['interrupted'];
  grace_ms: number;
  timeout_ms: number;
  retries: number;
  notify_after: number;
  alert_channel: Generated<string | null>;
  alert_account_id: Generated<string | null>;
  alert_chat_id: Generated<string | null>;
  daily_usd: Generated<number | null>;
  /** JSON. */
  active_hours: Generated<string | null>;
  is_chat_id_number: Generated<number>;
  is_alert_chat_id_number: Generated<number>;
  enabled: number;
  /** Null: it fires no more. See also {@link NOT_PLANNED}. */
  next_at: number | null;
  failures: Generated<number>;
  created_at: number;
  updated_at: number;
  deleted_at: Generated<number | null>;
}

/**
 * A run goes `queued → running → done | failed | interrupted | replaced`; `skipped` and `missed` runs never started.
 * (job, occurrence, attempt) is unique, so an occurrence is claimed once.
 */
export interface CronRunTable {
  seq: Generated<number>;
  id: string;
  job_id: string;
  occurrence: string;
  attempt: number;
  trigger: CronRunDocument['trigger'];
  scheduled_at: number;
  due_at: number;
  state: CronRunDocument['state'];
  instance_id: string | null;
  started_at: number | null;
  finished_at: number | null;
  missed_before: Generated<number>;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
  model: string | null;
  output: string | null;
  error: string | null;
  message_id: string | null;
  session_key: string | null;
  nothing_to_report: Generated<string | null>;
  /** Its turn, and the message that it answers; until it has one, those of the attempt that it continues. */
  turn_id: Generated<string | null>;
  question_id: Generated<string | null>;
  /** The access token that requested it. */
  token_id: Generated<string | null>;
}
