/** Which access token asked for the answer to a message of a chat, and for a run of a job. */
import type { Migration } from './migration.js';

export const askingTokens: Migration = {
  version: 41,
  phase: 'expand',
  async up(db) {
    for (const table of ['inbox_messages', 'cron_runs']) await db.schema.alterTable(table).addColumn('token_id', 'text').execute();
  },
};
