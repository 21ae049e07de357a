/** Distinguishes a database filled by pg_restore from the dumped one: see postgres/restored.ts. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

/** Names the transaction that writes the row, and its table. */
export const INSERT_MARK = `insert into restore_mark values (pg_current_xact_id()::xid::text || ' ' || 'restore_mark'::regclass::oid)`;

export const restoreMark: Migration = {
  version: 49,
  phase: 'expand',
  async up(db, dialect) {
    // With SQLite, `xopc restore` handles this itself.
    if (dialect !== 'postgres') return;
    await sql`create table restore_mark (written_by text primary key)`.execute(db);
    await sql.raw(INSERT_MARK).execute(db);
  },
};
