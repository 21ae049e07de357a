/** Removes the files of trimmed messages; from now on files are removed with their messages. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const trimmedFiles: Migration = {
  version: 44,
  phase: 'expand',
  async up(db) {
    // A file without the id of a message is still to be sent.
    await sql`delete from attachments
      where message_id <> '' and not exists (select 1 from messages where messages.id = attachments.message_id)`.execute(db);
  },
};
