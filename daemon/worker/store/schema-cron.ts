/** The tables of scheduled jobs. */
import type { Generated } from 'kysely';

export type CronMode = 'direct' | 'agent';
export type CronOverlap = 'skip' | 'queue' | 'replace';

/** A scheduled job. Its schedule's times are computed in `cron/`; `next_at` is the one that has not been claimed yet. */
export interface CronJobTable {
  seq: Generated<number>;
  id: string;
  name: string;
  /** A cron expression, `every 10m` or `at 2026-03-01T09:00`. */
  schedule: string;
  /** IANA name. */
  timezone: string;
  /** What `every` counts from. */
  anchor_at: number;
  message: string;
  mode: CronMode;
  /** Where it says what it has to say; null: nowhere. */
  channel: string | null;
  account_id: string | null;
  chat_id: string | null;
  agent_id: string | null;
  session: 'main' | 'isolated';
  model: string | null;
  overlap: CronOverlap;
  missed: 'once' | 'skip';
  interrupted: 'leave' | 'again';
  grace_ms: number;
  timeout_ms: number;
  /** How often a failed occurrence is tried again. */
  retries: number;
  /** After how many failed attempts in a row its chat is told; 0: never. */
  notify_after: number;
  /** Where that is told; null: in its own chat. */
  alert_channel: Generated<string | null>;
  alert_account_id: Generated<string | null>;
  alert_chat_id: Generated<string | null>;
  enabled: number;
  /** Null: it does not fire any more. */
  next_at: number | null;
  /** Attempts that failed since the last that did not. */
  failures: Generated<number>;
  created_at: number;
  updated_at: number;
  /** Null while it lives. A deleted one has no `next_at`. */
  deleted_at: Generated<number | null>;
}

/** `queued → running → done | failed | interrupted | replaced`; `skipped` and `missed` never began. */
export type CronRunState = 'queued' | 'running' | 'done' | 'failed' | 'interrupted' | 'replaced' | 'skipped' | 'missed';

/** One attempt at one occurrence of a job. (job, occurrence, attempt) is unique: what was claimed once is not claimed again. */
export interface CronRunTable {
  seq: Generated<number>;
  id: string;
  job_id: string;
  /** The scheduled instant in epoch ms; the first run's id where a person triggered it. */
  occurrence: string;
  attempt: number;
  trigger: 'schedule' | 'manual';
  scheduled_at: number;
  /** Not before this. */
  due_at: number;
  state: CronRunState;
  instance_id: string | null;
  started_at: number | null;
  finished_at: number | null;
  /** Earlier occurrences that passed while nobody could run them, and for which this one stands. */
  missed_before: Generated<number>;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
  model: string | null;
  output: string | null;
  error: string | null;
  /** The message that it was delivered as. */
  message_id: string | null;
  /** The session in which an agent answered. */
  session_key: string | null;
}
