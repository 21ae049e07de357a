/** Requests between workers, and what they know about each other. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const otherWorkers: Migration = {
  version: 21,
  phase: 'expand',
  async up(db, dialect) {
    // Why a running turn should end; null if it should not.
    await db.schema.alterTable('turns').addColumn('stop_reason', 'text').execute();
    // The gateway's configuration, as a JSON list; null: from an older build. On SQLite there is only one gateway.
    if (dialect === 'postgres') await sql`alter table instances add column serves text`.execute(db);
  },
};
