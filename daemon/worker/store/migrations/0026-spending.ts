/** Limits on spending for models. */
import type { Migration } from './migration.js';

export const spending: Migration = {
  version: 26,
  phase: 'expand',
  async up(db, dialect) {
    const amount = dialect === 'postgres' ? 'double precision' : 'real';
    await db.schema
      .createTable('spending')
      .addColumn('day', 'text', (column) => column.notNull())
      .addColumn('payer', 'text', (column) => column.notNull())
      .addColumn('usd', amount, (column) => column.notNull())
      .addPrimaryKeyConstraint('spending_key', ['day', 'payer'])
      .execute();
    await db.schema
      .createTable('spending_reservations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('instance_id', 'text', (column) => column.notNull())
      .addColumn('day', 'text', (column) => column.notNull())
      .addColumn('payers', 'text', (column) => column.notNull())
      .addColumn('usd', amount, (column) => column.notNull())
      .execute();
    await db.schema.alterTable('access_tokens').addColumn('daily_usd', amount).execute();
  },
};
