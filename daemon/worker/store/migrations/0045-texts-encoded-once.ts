/** Texts of jobs, runs and approvals were encoded twice (text.ts): once by the statements, once by the driver. */
import { sql } from 'kysely';
import type { Migration } from './migration.js';

const TEXTS = {
  cron_jobs: ['name', 'message'],
  cron_runs: ['output', 'error', 'nothing_to_report'],
  approvals: ['said', 'decided_by', 'note'],
} as const;

export const textsEncodedOnce: Migration = {
  version: 45,
  phase: 'expand',
  async up(db, dialect) {
    // As a parameter, the driver would encode it.
    const escape = sql.raw(dialect === 'postgres' ? 'chr(26)' : 'char(26)');
    for (const [table, columns] of Object.entries(TEXTS)) {
      for (const column of columns) {
        const once = ['0', '1'].reduce(
          (text, digit) => sql`replace(${text}, ${escape} || ${sql.lit(`1${digit}`)}, ${escape} || ${sql.lit(digit)})`,
          sql`${sql.ref(column)}`,
        );
        const isEncoded = sql`${sql.ref(column)} like '%' || ${escape} || '1%'`;
        await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${once} where ${isEncoded}`.execute(db);
      }
    }
  },
};
