/** Finds the run of a turn. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const cronRunTurns: Migration = {
  version: 39,
  phase: 'expand',
  async up(db) {
    await sql`create index cron_runs_turn on cron_runs (turn_id) where turn_id is not null`.execute(db);
  },
};
