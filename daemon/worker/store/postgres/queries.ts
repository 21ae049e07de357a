/** The query builder over a session of PostgreSQL. */
import { PostgresAdapter, PostgresQueryCompiler } from 'kysely';
import { createQueries } from '../dialect.js';
import { type DatabaseAccess, type Transaction, transactionOf } from '../transaction.js';
import type { StatementOptions } from './driver.js';
import { messageSearch } from './message-search.js';

type Run = <R>(
  sql: string,
  parameters: readonly unknown[],
  options: StatementOptions,
) => Promise<{ readonly rows: R[]; readonly changes: number }>;

export function queriesOver(run: Run) {
  const once: Parameters<typeof createQueries>[0] = (sql, parameters) => run(sql, parameters, { isPrepared: false });
  return createQueries(once, { adapter: new PostgresAdapter(), compiler: () => new PostgresQueryCompiler() });
}

/** Returns the access whose statements `run` runs. Those of hot paths are kept prepared. @param tell  see `DatabaseAccess` */
export function openAccess(run: Run, tell?: DatabaseAccess['tell']): Transaction {
  return transactionOf({
    ...(tell && { tell }),
    queries: queriesOver(run),
    search: messageSearch,
    run: (sql, parameters) => run(sql, parameters, { isPrepared: true }),
    first: async <R>(sql: string, parameters: readonly unknown[]) => (await run<R>(sql, parameters, { isPrepared: true })).rows[0],
  });
}
