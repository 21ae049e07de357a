/** The query builder over a `LibsqlConnection`. */
import { SqliteAdapter, SqliteQueryCompiler } from 'kysely';
import { createQueries } from '../dialect.js';
import type { Queries } from '../schema.js';
import type { LibsqlConnection } from './connection.js';

/** Returns a query builder over one open connection, which its owner closes. */
export function sqliteQueries(connection: Pick<LibsqlConnection, 'run'>): Queries {
  const run: Parameters<typeof createQueries>[0] = (sql, parameters) => connection.run(sql, parameters);
  return createQueries(run, { adapter: new SqliteAdapter(), compiler: () => new SqliteQueryCompiler() });
}
