/**
 * Drops the journal, with its trigger: no worker of a build that uses it runs any more. Some databases have run this as version 13, 16, 18, 20, 22, 27, 29, 31, 40, 42, 46, 48, 50, 52 or 54. It is the last
 * one, because a contraction makes later migrations wait until the worker is alone.
 */
import type { Migration } from './migration.js';

export const dropJournal: Migration = {
  version: 56,
  phase: 'contract',
  async up(db) {
    await db.schema.dropTable('accept_journal').ifExists().execute();
  },
};
