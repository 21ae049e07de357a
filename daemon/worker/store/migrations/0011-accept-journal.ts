/** Messages that were accepted in a burst and are not in their sessions yet. No longer used: 0012 empties it, 0016 drops it. */
import type { Migration } from './migration.js';

export const acceptJournal: Migration = {
  version: 11,
  phase: 'expand',
  async up(db) {
    await db.schema
      .createTable('accept_journal')
      .addColumn('seq', 'integer', (column) => column.primaryKey())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('session_key', 'text', (column) => column.notNull())
      .addColumn('agent_id', 'text', (column) => column.notNull())
      .addColumn('channel', 'text', (column) => column.notNull())
      .addColumn('account_id', 'text', (column) => column.notNull())
      .addColumn('peer_kind', 'text', (column) => column.notNull())
      .addColumn('peer_id', 'text', (column) => column.notNull())
      .addColumn('chat_id', 'text', (column) => column.notNull())
      .addColumn('title', 'text')
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('body', 'text')
      .addColumn('accepted_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
  },
};
