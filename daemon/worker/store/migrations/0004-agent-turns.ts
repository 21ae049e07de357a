/** The cost of turns, and the model chosen for a session. */
import type { Migration } from './migration.js';

export const agentTurns: Migration = {
  version: 4,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('sessions').addColumn('model', 'text').execute();
    await db.schema.alterTable('turns').addColumn('cache_read_tokens', 'integer').execute();
    await db.schema.alterTable('turns').addColumn('cache_write_tokens', 'integer').execute();
    await db.schema.alterTable('turns').addColumn('cost_usd', 'real').execute();
  },
};
