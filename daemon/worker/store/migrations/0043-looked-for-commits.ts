/** Distinguishes the row of a batch from one left by a check of its outcome. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const lookedForCommits: Migration = {
  version: 43,
  phase: 'expand',
  async up(db, dialect) {
    // SQLite cannot lose the answer of a commit.
    if (dialect === 'postgres') await sql`alter table commits add column is_batch bigint not null default 1`.execute(db);
  },
};
