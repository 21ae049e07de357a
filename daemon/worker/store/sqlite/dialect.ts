/** Kysely's dialect over a `LibsqlConnection`. */
import {
  Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Queries, Schema } from '../schema.js';
import type { LibsqlConnection } from './connection.js';

function refuse(): never {
  throw new Error('transactions of SQLite are begun and ended by the store, results are read in pages');
}

class KyselyConnection implements DatabaseConnection {
  readonly #connection: LibsqlConnection;

  constructor(connection: LibsqlConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#connection.run<R>(sql, parameters);
    return { rows, numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    return refuse();
  }
}

/** Returns a query builder over one open connection, which its owner closes. */
export function createQueries(open: LibsqlConnection): Queries {
  const connection = new KyselyConnection(open);
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: async () => refuse(),
    commitTransaction: async () => refuse(),
    rollbackTransaction: async () => refuse(),
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  };
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}
