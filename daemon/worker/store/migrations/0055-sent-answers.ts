/** How much of its answer the chat of a message has got before the answer ends. */
import type { Migration } from './migration.js';

export const sentAnswers: Migration = {
  version: 55,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('inbox_messages').addColumn('sent_length', 'bigint').execute();
  },
};
