/** Access tokens, which give programs a part of the rights of the gateway's own token. */
import type { Migration } from './migration.js';

export const accessTokens: Migration = {
  version: 23,
  phase: 'expand',
  async up(db) {
    await db.schema
      .createTable('access_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull().unique())
      .addColumn('hash', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('agents', 'text')
      .addColumn('requests_per_minute', 'bigint')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('last_used_at', 'bigint')
      .execute();
    // A session of the page ends with the token that it was created with; null: the gateway's own.
    await db.schema.alterTable('page_secrets').addColumn('token_id', 'text').execute();
  },
};
