/** Data for the health of channels and models: an index of an account's lost messages, and the model calls. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const health: Migration = {
  version: 17,
  phase: 'expand',
  async up(db) {
    await sql`create index outbox_messages_lost on outbox_messages (channel, account_id, state, finished_at)
      where state in ('dead', 'unknown')`.execute(db);
    await db.schema
      .createTable('model_calls')
      .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('ended_at', 'bigint', (column) => column.notNull())
      .addColumn('first_token_ms', 'integer')
      // Null: the call succeeded.
      .addColumn('error', 'text')
      .execute();
    await sql`create index model_calls_ended on model_calls (ended_at)`.execute(db);
  },
};
