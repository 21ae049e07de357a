/** Drops the journal, with its trigger: no worker of a build that uses it runs any more. */
import type { Migration } from './migration.js';

export const dropJournal: Migration = {
  version: 13,
  phase: 'contract',
  async up(db) {
    await db.schema.dropTable('accept_journal').execute();
  },
};
