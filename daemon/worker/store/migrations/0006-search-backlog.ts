/**
 * The search index follows the messages instead of being kept by each insert: indexing a message costs several times
 * what storing it does, and many at once cost far less than one by one. The last indexed message is recorded here. Two more indices find
 * expired rows without a full scan.
 */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const searchBacklog: Migration = {
  version: 6,
  phase: 'expand',
  async up(db) {
    await sql`create table messages_search_position (position bigint not null)`.execute(db);
    // Rows inserted by the triggers are indexed again later.
    await sql`insert into messages_search (messages_search) values ('delete-all')`.execute(db);
    await sql`insert into messages_search_position (position) values (0)`.execute(db);
    await sql`create index sessions_deleted on sessions (deleted_at) where deleted_at is not null`.execute(db);
    await sql`create index cron_runs_finished on cron_runs (finished_at) where finished_at is not null`.execute(db);
    await sql`drop trigger messages_search_insert`.execute(db);
    await sql`drop trigger messages_search_delete`.execute(db);
    await sql`drop trigger messages_search_update`.execute(db);
    // Deleting rows that were never inserted would damage the index.
    await sql`create trigger messages_search_delete after delete on messages
      when old.seq <= (select position from messages_search_position) begin
      insert into messages_search (messages_search, rowid, content) values ('delete', old.seq, old.content);
    end`.execute(db);
    await sql`create trigger messages_search_update after update of content on messages
      when old.seq <= (select position from messages_search_position) begin
      insert into messages_search (messages_search, rowid, content) values ('delete', old.seq, old.content);
      insert into messages_search (rowid, content) values (new.seq, new.content);
    end`.execute(db);
  },
};
