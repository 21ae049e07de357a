/** The beginning of an access token's secret, by which people recognise it. */
import type { Migration } from './migration.js';

export const tokenPrefix: Migration = {
  version: 30,
  phase: 'expand',
  async up(db) {
    await db.schema.alterTable('access_tokens').addColumn('prefix', 'text').execute();
  },
};
