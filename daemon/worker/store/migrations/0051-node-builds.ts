/** The build of a node: two of the same version may differ. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const nodeBuilds: Migration = {
  version: 51,
  phase: 'expand',
  async up(db, dialect) {
    // On SQLite there is only one gateway. Null: the worker does not report it.
    if (dialect === 'postgres') await sql`alter table instances add column build text`.execute(db);
  },
};
