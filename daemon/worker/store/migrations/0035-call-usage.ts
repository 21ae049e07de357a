/** Usage of model calls outside of turns: sums per quarter of an hour. */
import type { Migration } from './migration.js';

export const callUsage: Migration = {
  version: 35,
  phase: 'expand',
  async up(db, dialect) {
    // An empty text: no agent, because the caller named a model, or no access token.
    await db.schema
      .createTable('call_usage')
      .addColumn('slot', 'bigint', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('agent_id', 'text', (column) => column.notNull())
      .addColumn('token_id', 'text', (column) => column.notNull())
      .addColumn('token_name', 'text', (column) => column.notNull())
      .addColumn('calls', 'bigint', (column) => column.notNull())
      .addColumn('input_tokens', 'bigint', (column) => column.notNull())
      .addColumn('output_tokens', 'bigint', (column) => column.notNull())
      .addColumn('cache_read_tokens', 'bigint', (column) => column.notNull())
      .addColumn('cache_write_tokens', 'bigint', (column) => column.notNull())
      .addColumn('unpriced_calls', 'bigint', (column) => column.notNull())
      .addColumn('cost_usd', dialect === 'postgres' ? 'double precision' : 'real', (column) => column.notNull())
      .addPrimaryKeyConstraint('call_usage_key', ['slot', 'kind', 'model', 'agent_id', 'token_id'])
      .execute();
  },
};
