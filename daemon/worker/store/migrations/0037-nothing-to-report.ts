/** Runs of schedules that had nothing to report. */
import type { Migration } from './migration.js';

export const nothingToReport: Migration = {
  version: 37,
  phase: 'expand',
  async up(db) {
    // The agent's reason, which may be empty.
    await db.schema.alterTable('cron_runs').addColumn('nothing_to_report', 'text').execute();
  },
};
