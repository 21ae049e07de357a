/** Which access token asked for a turn, and from where it was last used. */
import type { Migration } from './migration.js';

export const tokenUsage: Migration = {
  version: 28,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('turns').addColumn('token_id', 'text').execute();
    // Beside the id, because a revoked token is not stored any more.
    await db.schema.alterTable('turns').addColumn('token_name', 'text').execute();
    await db.schema.alterTable('access_tokens').addColumn('last_used_from', 'text').execute();
  },
};
