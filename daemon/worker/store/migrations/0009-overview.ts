/**
 * Data for the overview of the last days: a row for each minute with a live worker, and an index of failed turns. Also the chat for
 * a failing job's alerts, if it is not its own.
 */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const overview: Migration = {
  version: 9,
  phase: 'expand',
  async up(db) {
    await db.schema
      .createTable('minute_samples')
      // Minutes since 1970.
      .addColumn('minute', 'integer', (column) => column.primaryKey())
      .addColumn('starts', 'integer', (column) => column.notNull())
      .addColumn('requests', 'integer', (column) => column.notNull())
      .addColumn('failed_requests', 'integer', (column) => column.notNull())
      .addColumn('turns', 'integer', (column) => column.notNull())
      .addColumn('failed_turns', 'integer', (column) => column.notNull())
      .addColumn('input_tokens', 'integer', (column) => column.notNull())
      .addColumn('output_tokens', 'integer', (column) => column.notNull())
      .addColumn('late_ms', 'integer', (column) => column.notNull())
      .addColumn('rss_bytes', 'bigint', (column) => column.notNull())
      .execute();
    await sql`create index turns_failed on turns (finished_at) where state in ('error', 'interrupted')`.execute(db);
    await db.schema.alterTable('cron_jobs').addColumn('alert_channel', 'text').execute();
    await db.schema.alterTable('cron_jobs').addColumn('alert_account_id', 'text').execute();
    await db.schema.alterTable('cron_jobs').addColumn('alert_chat_id', 'text').execute();
  },
};
