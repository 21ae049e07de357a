/**
 * Variants of messages are kept: a message that is not on its session's chosen branch names the one that it follows. Also adds the text of
 * incomplete answers, and attached files.
 */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

export const chatBranches: Migration = {
  version: 7,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('messages').addColumn('parent_seq', 'bigint').execute();
    await sql`create index messages_aside on messages (session_id, parent_seq) where parent_seq is not null`.execute(db);
    await db.schema.alterTable('inbox_messages').addColumn('question_id', 'text').execute();
    await db.schema
      .createTable('turn_parts')
      .addColumn('turn_id', 'text', (column) => column.notNull())
      .addColumn('at', 'integer', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('turn_parts_pk', ['turn_id', 'at'])
      .execute();
    await db.schema
      .createTable('attachments')
      .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('session_id', 'integer', (column) => column.notNull().references('sessions.id').onDelete('cascade'))
      .addColumn('message_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('media_type', 'text', (column) => column.notNull())
      .addColumn('size', 'integer', (column) => column.notNull())
      .addColumn('content', sql`blob`, (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('attachments_message').on('attachments').columns(['session_id', 'message_id']).execute();
  },
};
