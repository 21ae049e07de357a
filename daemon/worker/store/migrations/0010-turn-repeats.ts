/** Whether a turn may be run again for a caller who requests its answer again (services/keyed-turns.ts). */
import type { Migration } from './migration.js';

export const turnRepeats: Migration = {
  version: 10,
  phase: 'expand',
  async up(db) {
    await db.schema
      .alterTable('turns')
      .addColumn('is_repeatable', 'integer', (column) => column.notNull().defaultTo(1))
      .execute();
  },
};
