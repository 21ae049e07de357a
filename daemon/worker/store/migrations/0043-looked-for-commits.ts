/** Tells the row of a batch from one that a look for its outcome has left. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const lookedForCommits: Migration = {
  version: 43,
  phase: 'expand',
  async up(db, dialect) {
    // SQLite loses no answer of a commit.
    if (dialect === 'postgres') await sql`alter table commits add column is_batch bigint not null default 1`.execute(db);
  },
};
