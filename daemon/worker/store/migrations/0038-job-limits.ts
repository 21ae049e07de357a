/** Daily spending limit of a job for models. */
import type { Migration } from './migration.js';

export const jobLimits: Migration = {
  version: 38,
  phase: 'expand',
  async up(db, dialect) {
    // US dollars; null: the configured limit for jobs.
    await db.schema
      .alterTable('cron_jobs')
      .addColumn('daily_usd', dialect === 'postgres' ? 'double precision' : 'real')
      .execute();
  },
};
