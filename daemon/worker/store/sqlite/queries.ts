/** The query builder over a `LibsqlConnection`. */
import { SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { createQueries } from '../dialect.js';
import type { Queries } from '../schema.js';
import type { RowParameters } from '../transaction.js';
import type { LibsqlConnection } from './connection.js';

/** More rows at once save little more. */
const ROWS_AT_ONCE = 10;

/** One parameter per column and row; the remaining rows are inserted one by one, so that only two statements are needed. */
export const rowParameters: RowParameters = {
  split(_columns, rows) {
    const parts = [];
    for (let start = 0, count = 0; start < rows.length; start += count) {
      count = rows.length - start < ROWS_AT_ONCE ? 1 : ROWS_AT_ONCE;
      parts.push(rows.slice(start, start + count));
    }
    return parts;
  },
  insert: (db, { into, row, parameters }) => db.insertInto(into).values(parameters.map(row)),
};

/** Returns a query builder over one open connection, which its owner closes. */
export function sqliteQueries(connection: Pick<LibsqlConnection, 'run'>): Queries {
  const run: Parameters<typeof createQueries>[0] = (sql, parameters) => connection.run(sql, parameters);
  return createQueries(run, { adapter: new SqliteAdapter(), compiler: () => new SqliteQueryCompiler() });
}
