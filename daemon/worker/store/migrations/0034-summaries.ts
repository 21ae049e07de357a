/** Summaries of the older messages of long conversations. */
import type { Migration } from './migration.js';

export const summaries: Migration = {
  version: 34,
  phase: 'expand',
  async up(db, dialect) {
    await db.schema
      .createTable('session_summaries')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('session_id', 'bigint', (column) => column.notNull().references('sessions.id').onDelete('cascade'))
      .addColumn('covers_seq', 'bigint', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('input_tokens', 'bigint')
      .addColumn('output_tokens', 'bigint')
      .addColumn('cost_usd', dialect === 'postgres' ? 'double precision' : 'real')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('undone_at', 'bigint')
      .addColumn('undone_seq', 'bigint')
      .execute();
    await db.schema.createIndex('session_summaries_session').on('session_summaries').columns(['session_id', 'covers_seq']).execute();
  },
};
