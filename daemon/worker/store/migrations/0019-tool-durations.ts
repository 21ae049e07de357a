/** How long the tool call ran. */
import type { Migration } from './migration.js';

export const toolDurations: Migration = {
  version: 19,
  phase: 'expand',
  async up(db) {
    // Null: not the tool call, or one from before.
    await db.schema.alterTable('messages').addColumn('duration_ms', 'bigint').execute();
  },
};
