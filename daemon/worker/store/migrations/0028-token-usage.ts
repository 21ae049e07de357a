/** Which access token requested a turn, and from where the token was last used. */
import type { Migration } from './migration.js';

export const tokenUsage: Migration = {
  version: 28,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('turns').addColumn('token_id', 'text').execute();
    // Stored next to the id, because a revoked token is no longer stored.
    await db.schema.alterTable('turns').addColumn('token_name', 'text').execute();
    await db.schema.alterTable('access_tokens').addColumn('last_used_from', 'text').execute();
  },
};
