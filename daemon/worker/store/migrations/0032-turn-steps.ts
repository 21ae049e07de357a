/** The finished steps of a turn, so that another worker can continue it, also after a person's decision about one of its calls. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const turnSteps: Migration = {
  version: 32,
  phase: 'expand',
  async up(db) {
    await db.schema
      .createTable('turn_steps')
      .addColumn('turn_id', 'text', (column) => column.notNull())
      .addColumn('step', 'bigint', (column) => column.notNull())
      .addColumn('ref', 'text', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addColumn('calls', 'text', (column) => column.notNull())
      .addColumn('vendor', 'text')
      .addColumn('usage', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('turn_steps_key', ['turn_id', 'step'])
      .execute();
    await db.schema
      .createTable('turn_calls')
      .addColumn('turn_id', 'text', (column) => column.notNull())
      .addColumn('step', 'bigint', (column) => column.notNull())
      .addColumn('call_index', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('output', 'text')
      .addColumn('is_error', 'bigint', (column) => column.notNull().defaultTo(0))
      .addPrimaryKeyConstraint('turn_calls_key', ['turn_id', 'step', 'call_index'])
      .execute();
    await db.schema.alterTable('turns').addColumn('question_id', 'text').execute();
    await db.schema
      .alterTable('turns')
      .addColumn('resumes', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
    await sql`create index turns_waiting on turns (session_id) where state = 'waiting'`.execute(db);
    await sql`create index inbox_messages_waiting on inbox_messages (channel, account_id, chat_id) where state = 'waiting'`.execute(db);
    await db.schema.alterTable('cron_runs').addColumn('turn_id', 'text').execute();
    await db.schema.alterTable('cron_runs').addColumn('question_id', 'text').execute();
  },
};
