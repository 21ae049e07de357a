/** Scheduled jobs and their runs. */
import { sql } from 'kysely';
import type { Queries } from '../schema.js';
import type { Migration } from './migration.js';

async function jobs(db: Queries): Promise<void> {
  await db.schema
    .createTable('cron_jobs')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('schedule', 'text', (column) => column.notNull())
    .addColumn('timezone', 'text', (column) => column.notNull())
    .addColumn('anchor_at', 'bigint', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('mode', 'text', (column) => column.notNull())
    .addColumn('channel', 'text')
    .addColumn('account_id', 'text')
    .addColumn('chat_id', 'text')
    .addColumn('agent_id', 'text')
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('model', 'text')
    .addColumn('overlap', 'text', (column) => column.notNull())
    .addColumn('missed', 'text', (column) => column.notNull())
    .addColumn('interrupted', 'text', (column) => column.notNull())
    .addColumn('grace_ms', 'bigint', (column) => column.notNull())
    .addColumn('timeout_ms', 'bigint', (column) => column.notNull())
    .addColumn('retries', 'integer', (column) => column.notNull())
    .addColumn('notify_after', 'integer', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('next_at', 'bigint')
    .addColumn('failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  await sql`create index cron_jobs_due on cron_jobs (next_at) where enabled = 1 and next_at is not null`.execute(db);
}

async function runs(db: Queries): Promise<void> {
  await db.schema
    .createTable('cron_runs')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('job_id', 'text', (column) => column.notNull().references('cron_jobs.id').onDelete('cascade'))
    .addColumn('occurrence', 'text', (column) => column.notNull())
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('trigger', 'text', (column) => column.notNull())
    .addColumn('scheduled_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('instance_id', 'text')
    .addColumn('started_at', 'bigint')
    .addColumn('finished_at', 'bigint')
    .addColumn('missed_before', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('input_tokens', 'integer')
    .addColumn('output_tokens', 'integer')
    .addColumn('cost_usd', 'real')
    .addColumn('model', 'text')
    .addColumn('output', 'text')
    .addColumn('error', 'text')
    .addColumn('message_id', 'text')
    .addColumn('session_key', 'text')
    .addUniqueConstraint('cron_runs_occurrence', ['job_id', 'occurrence', 'attempt'])
    .execute();
  await sql`create index cron_runs_unfinished on cron_runs (due_at) where finished_at is null`.execute(db);
  await sql`create index cron_runs_busy on cron_runs (job_id) where finished_at is null`.execute(db);
  await sql`create index cron_runs_job on cron_runs (job_id, seq)`.execute(db);
}

export const cron: Migration = {
  version: 3,
  phase: 'expand',
  async up(db) {
    await jobs(db);
    await runs(db);
  },
};
