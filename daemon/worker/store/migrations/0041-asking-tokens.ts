/** Which access token requested the answer to a chat message, or a run of a job. */
import type { Migration } from './migration.js';

export const askingTokens: Migration = {
  version: 41,
  phase: 'expand',
  async up(db) {
    for (const table of ['inbox_messages', 'cron_runs']) await db.schema.alterTable(table).addColumn('token_id', 'text').execute();
  },
};
