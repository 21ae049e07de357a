/** Whether the chat ids of a job were given as numbers: then they are shown as numbers. */
import type { Migration } from './migration.js';

export const numericChatIds: Migration = {
  version: 15,
  phase: 'expand',
  async up(db) {
    for (const column of ['is_chat_id_number', 'is_alert_chat_id_number']) {
      await db.schema
        .alterTable('cron_jobs')
        .addColumn(column, 'integer', (definition) => definition.notNull().defaultTo(0))
        .execute();
    }
  },
};
