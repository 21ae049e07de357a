/** Indexes for the end of a message: the run of the job that sent it, and the approval that it asks about. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const messageEnds: Migration = {
  version: 47,
  phase: 'expand',
  async up(db) {
    await sql`create index cron_runs_message on cron_runs (message_id) where message_id is not null`.execute(db);
    await db.schema.alterTable('outbox_messages').addColumn('sent_id', 'text').execute();
    await db.schema.alterTable('approvals').addColumn('message_id', 'text').execute();
    await sql`create index approvals_asked on approvals (seq) where message_id is not null`.execute(db);
  },
};
