/** Kysely's query builder over one engine's connection. */
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';
import type { Queries, Schema } from './schema.js';
import type { StatementResult } from './transaction.js';

function refuse(): never {
  throw new Error('transactions are begun and ended by the store, results are read in pages');
}

type Run = <R>(sql: string, parameters: readonly unknown[]) => Promise<StatementResult<R>>;

class KyselyConnection implements DatabaseConnection {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#run<R>(sql, parameters);
    return { rows, numAffectedRows: BigInt(changes) };
  }

  streamQuery(): never {
    return refuse();
  }
}

/** Returns a query builder whose statements `run` runs. The engine opens and closes the underlying connection. */
export function createQueries(run: Run, { adapter, compiler }: { adapter: DialectAdapter; compiler: () => QueryCompiler }): Queries {
  const connection = new KyselyConnection(run);
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
    dialect: { createAdapter: () => adapter, createDriver: () => driver, createIntrospector: refuse, createQueryCompiler: compiler },
  });
}
