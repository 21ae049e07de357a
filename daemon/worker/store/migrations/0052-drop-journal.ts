/**
 * Drops the journal and its trigger: no worker of a build that uses it is running any more. Some databases have run this as version
 * 13, 16, 18, 20, 22, 27, 29, 31, 40, 42, 46, 48 or 50. It is the last migration, because later ones would have to wait behind a
 * contraction until the worker is alone.
 */
import type { Migration } from './migration.js';

export const dropJournal: Migration = {
  version: 52,
  phase: 'contract',
  async up(db) {
    await db.schema.dropTable('accept_journal').ifExists().execute();
  },
};
