/** The query builder over a PostgreSQL session. */
import { PostgresAdapter, PostgresQueryCompiler, sql } from 'kysely';
import { createQueries } from '../dialect.js';
import { type BoundStatement, type DatabaseAccess, type RowParameters, type Transaction, transactionOf } from '../transaction.js';
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

/** A parameter for each column, which is an array: one statement for any number of rows. */
const rowParameters: RowParameters = {
  split(columns, rows) {
    const arrays = Object.keys(columns).map((name) => [name, rows.map((row) => row[name])]);
    return rows.length === 0 ? [] : [[Object.fromEntries(arrays)]];
  },
  insert(db, { into, row, columns, parameters: [arrays] }) {
    const names = Object.keys(columns);
    const values = row(Object.fromEntries(names.map((name) => [name, sql.ref(`rows.${name}`)])));
    const given = Object.entries(columns).map(([name, type]) => sql`${arrays?.[name]}::${sql.raw(type)}[]`);
    const rows = sql`unnest(${sql.join(given)}) with ordinality as rows (${sql.join([...names, 'place'].map((name) => sql.id(name)))})`;
    return db
      .insertInto(into)
      .columns(Object.keys(values) as never)
      .expression(sql`select ${sql.join(Object.values(values))} from ${rows} order by rows.place`);
  },
};

/**
 * Sends all of them before the first is answered; the session runs and answers them in their order. Waits for all answers, so that
 * nothing later runs into a statement still running.
 */
async function runAll(run: Run, statements: readonly BoundStatement[]): Promise<void> {
  const answers = await Promise.allSettled(statements.map(async (each) => run(each.sql, each.parameters, { isPrepared: true })));
  // Those after it failed because of it.
  const failed = answers.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

/** Returns the access whose statements `run` runs. Those of hot paths are kept prepared. @param tell  see `DatabaseAccess` */
export function openAccess(run: Run, tell?: DatabaseAccess['tell']): Transaction {
  return transactionOf({
    ...(tell && { tell }),
    queries: queriesOver(run),
    search: messageSearch,
    rows: rowParameters,
    runAll: (statements) => runAll(run, statements),
    run: (sql, parameters) => run(sql, parameters, { isPrepared: true }),
    first: async <R>(sql: string, parameters: readonly unknown[]) => (await run<R>(sql, parameters, { isPrepared: true })).rows[0],
  });
}
