/** What a worker asks of another one, and what others know of it. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const otherWorkers: Migration = {
  version: 21,
  phase: 'expand',
  async up(db, dialect) {
    // Why a running turn is to end; null: it is not.
    await db.schema.alterTable('turns').addColumn('stop_reason', 'text').execute();
    // What a gateway has set up, as a JSON list; null: it is of an older build. On SQLite there is only one gateway.
    if (dialect === 'postgres') await sql`alter table instances add column serves text`.execute(db);
  },
};
