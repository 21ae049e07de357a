/**
 * An index for finding messages by any part of their text: of three characters each, so that it works in every script.
 * Triggers keep it, so builds that do not know it keep it too (https://www.sqlite.org/fts5.html#external_content_tables).
 */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const messageSearch: Migration = {
  version: 5,
  phase: 'expand',
  async up(db) {
    await sql`create virtual table messages_search using fts5(
      content, content='messages', content_rowid='seq', tokenize='trigram', detail='full'
    )`.execute(db);
    await sql`create trigger messages_search_insert after insert on messages begin
      insert into messages_search (rowid, content) values (new.seq, new.content);
    end`.execute(db);
    await sql`create trigger messages_search_delete after delete on messages begin
      insert into messages_search (messages_search, rowid, content) values ('delete', old.seq, old.content);
    end`.execute(db);
    await sql`create trigger messages_search_update after update of content on messages begin
      insert into messages_search (messages_search, rowid, content) values ('delete', old.seq, old.content);
      insert into messages_search (rowid, content) values (new.seq, new.content);
    end`.execute(db);
    // Existing messages are indexed later, in small steps (migration 6): here it would lock the file for seconds.
  },
};
