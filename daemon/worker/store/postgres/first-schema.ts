/** The schema of a new database: the result of SQLite's migrations up to version 18, and the parts that only this engine needs. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Migration } from '../migrations/migration.js';
import { CONVERSATIONS, SEQ } from './conversation-tables.js';

const DELIVERY = `
create table outbox_messages (
  seq ${SEQ},
  id text not null unique,
  channel text not null,
  account_id text not null,
  chat_id text not null,
  content text not null,
  state text not null,
  instance_id text,
  due_at bigint not null,
  attempted_at bigint,
  expires_at bigint not null,
  last_error text,
  created_at bigint not null,
  updated_at bigint not null,
  finished_at bigint
);
create index outbox_messages_pending on outbox_messages (channel, account_id, chat_id, seq) where finished_at is null;
create index outbox_messages_state on outbox_messages (state, seq);
create index outbox_messages_finished on outbox_messages (finished_at) where finished_at is not null;
create index outbox_messages_channel on outbox_messages (channel, state, seq);
create index outbox_messages_lost on outbox_messages (channel, account_id, state, finished_at) where state in ('dead', 'unknown');

create table outbox_parts (
  message_seq bigint not null references outbox_messages (seq) on delete cascade,
  part bigint not null,
  body text not null,
  state text not null,
  attempts bigint not null default 0,
  primary key (message_seq, part)
);

create table inbox_messages (
  seq ${SEQ},
  id text not null unique,
  channel text not null,
  account_id text not null,
  scope text not null,
  update_id text not null,
  chat_id text not null,
  peer_kind text not null,
  content text not null,
  state text not null,
  attempts bigint not null default 0,
  instance_id text,
  turn_id text,
  is_repeatable bigint not null default 1,
  preview_id text,
  question_id text,
  error text,
  received_at bigint not null,
  finished_at bigint,
  unique (scope, update_id)
);
create index inbox_messages_pending on inbox_messages (channel, account_id, chat_id, seq) where finished_at is null;
create index inbox_messages_turn on inbox_messages (turn_id) where turn_id is not null;
create index inbox_messages_finished on inbox_messages (finished_at) where finished_at is not null;

create table inbox_cursors (scope text primary key, position bigint not null, updated_at bigint not null);

create table pairings (
  channel text not null,
  account_id text not null,
  sender_id text not null,
  sender_name text not null,
  code text,
  expires_at bigint,
  created_at bigint not null,
  primary key (channel, account_id, sender_id)
);
`;

const CRON = `
create table cron_jobs (
  seq ${SEQ},
  id text not null unique,
  name text not null,
  schedule text not null,
  timezone text not null,
  anchor_at bigint not null,
  message text not null,
  mode text not null,
  channel text,
  account_id text,
  chat_id text,
  agent_id text,
  session text not null,
  model text,
  overlap text not null,
  missed text not null,
  interrupted text not null,
  grace_ms bigint not null,
  timeout_ms bigint not null,
  retries bigint not null,
  notify_after bigint not null,
  enabled bigint not null,
  next_at bigint,
  failures bigint not null default 0,
  created_at bigint not null,
  updated_at bigint not null,
  deleted_at bigint,
  alert_channel text,
  alert_account_id text,
  alert_chat_id text,
  is_chat_id_number bigint not null default 0,
  is_alert_chat_id_number bigint not null default 0
);
create index cron_jobs_due on cron_jobs (next_at) where enabled = 1 and next_at is not null;

create table cron_runs (
  seq ${SEQ},
  id text not null unique,
  job_id text not null references cron_jobs (id) on delete cascade,
  occurrence text not null,
  attempt bigint not null,
  trigger text not null,
  scheduled_at bigint not null,
  due_at bigint not null,
  state text not null,
  instance_id text,
  started_at bigint,
  finished_at bigint,
  missed_before bigint not null default 0,
  input_tokens bigint,
  output_tokens bigint,
  cost_usd double precision,
  model text,
  output text,
  error text,
  message_id text,
  session_key text,
  unique (job_id, occurrence, attempt)
);
create index cron_runs_unfinished on cron_runs (due_at) where finished_at is null;
create index cron_runs_busy on cron_runs (job_id) where finished_at is null;
create index cron_runs_job on cron_runs (job_id, seq);
create index cron_runs_finished on cron_runs (finished_at) where finished_at is not null;
`;

const OVERVIEW = `
create table minute_samples (
  minute bigint primary key,
  starts bigint not null,
  requests bigint not null,
  failed_requests bigint not null,
  turns bigint not null,
  failed_turns bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  late_ms bigint not null,
  rss_bytes bigint not null
);

create table model_calls (
  seq ${SEQ},
  model text not null,
  ended_at bigint not null,
  first_token_ms bigint,
  error text
);
create index model_calls_ended on model_calls (ended_at);

create table page_secrets (hash text primary key, kind text not null, expires_at bigint not null);
create table gateway_identity (id text primary key);
`;

/** `commits`: the last batch of each committer. `instances`: the workers that have this database open. */
const ENGINE = `
create table commits (id text primary key, created_at timestamptz not null default clock_timestamp());
create table instances (id text primary key, lineage text not null, name text not null, version text not null, address text,
  settings text not null, joined_at timestamptz not null default clock_timestamp(), renewed_at timestamptz not null, expires_at timestamptz not null);
`;

export const firstSchema: Migration = {
  version: 18,
  phase: 'expand',
  async up(db) {
    for (const part of [CONVERSATIONS, DELIVERY, CRON, OVERVIEW, ENGINE]) {
      // One statement at a time: the function's body is the only one with semicolons within.
      for (const statement of part.split(/;\s*\n(?=\s*(?:create|$))/)) if (statement.trim() !== '') await sql.raw(statement).execute(db);
    }
    await db
      .insertInto('gateway_identity')
      .values({ id: randomBytes(6).toString('hex') })
      .execute();
  },
};
