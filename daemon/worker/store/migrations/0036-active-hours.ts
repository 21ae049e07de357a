/** The hours in which a job may fire. */
import type { Migration } from './migration.js';

export const activeHours: Migration = {
  version: 36,
  phase: 'expand',
  async up(db) {
    // JSON; null: at any time. A build that does not know the column also fires at any time.
    await db.schema.alterTable('cron_jobs').addColumn('active_hours', 'text').execute();
  },
};
