/** Adds the chat to which the reply of a turn is delivered although no message of that chat requested it. */
import type { Migration } from './migration.js';

export const replyChats: Migration = {
  version: 53,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('turns').addColumn('reply_to', 'text').execute();
  },
};
