/** Sessions of the page and one-time links to it, and the id that names the gateway's cookie. */
import { randomBytes } from 'node:crypto';
import type { Migration } from './migration.js';

export const pageSecrets: Migration = {
  version: 14,
  phase: 'expand',
  async up(db) {
    await db.schema
      .createTable('page_secrets')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('gateway_identity')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .execute();
    await db
      .insertInto('gateway_identity')
      .values({ id: randomBytes(6).toString('hex') })
      .execute();
  },
};
