/** What a job may spend on models in a day. */
import type { Migration } from './migration.js';

export const jobLimits: Migration = {
  version: 38,
  phase: 'expand',
  async up(db, dialect) {
    // US dollars; null: what the configuration says of jobs.
    await db.schema
      .alterTable('cron_jobs')
      .addColumn('daily_usd', dialect === 'postgres' ? 'double precision' : 'real')
      .execute();
  },
};
