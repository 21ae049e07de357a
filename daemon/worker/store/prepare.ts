/**
 * Statements that are built and compiled once and then run with new parameters: for those on hot paths, where building
 * the query costs more than running it.
 */
import type { Compilable, CompiledQuery, InferResult } from 'kysely';
import type { StatementResult } from './sqlite/libsql-connection.js';
import { DirectAdapter } from './sqlite/libsql-dialect.js';
import type { Queries } from './schema.js';
import { queriesOf, type Transaction } from './transaction.js';

/** Stands for a parameter's value while the statement is compiled. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Every property is a placeholder of that name. */
const placeholders: unknown = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) });

export interface PreparedStatement<P, R> {
  all(tx: Transaction, parameters: P): Promise<R[]>;
  first(tx: Transaction, parameters: P): Promise<R | undefined>;
  /** For an insert without `returning`. @returns the new row's integer primary key */
  insert(tx: Transaction, parameters: P): Promise<number>;
  /** {@link insert} once for each, in turn, in one go. @returns the last row's integer primary key; 0 for none */
  insertAll(tx: Transaction, rows: readonly P[]): Promise<number>;
  /** @returns how many rows were changed */
  run(tx: Transaction, parameters: P): Promise<number>;
}

/** What a statement has given; see `StatementResult`. */
type Given<R> = Pick<StatementResult<R>, 'changes' | 'insertId'> & { readonly rows: R[] };

type Build<P, Q> = (db: Queries, parameters: P) => Q;
type Row<Q> = Q extends Compilable<unknown> ? InferResult<Q>[number] : never;

/**
 * Makes a prepared statement. `build` must use each parameter as a value and never look at it: it gets placeholders.
 * Compiled at first use and once per dialect, whose adapter is the same object for all its transactions.
 */
export function prepare<P>() {
  return <Q extends Compilable<unknown>>(build: Build<P, Q>): PreparedStatement<P, Row<Q>> => {
    const compiled = new WeakMap<object, CompiledQuery>();

    function compile(db: Queries): CompiledQuery {
      const { adapter } = db.getExecutor();
      let query = compiled.get(adapter);
      if (query === undefined) {
        query = build(db, placeholders as P).compile() as CompiledQuery;
        compiled.set(adapter, query);
      }
      return query;
    }

    function execute(tx: Transaction, parameters: P): Given<Row<Q>> | Promise<Given<Row<Q>>> {
      const db = queriesOf(tx);
      const { adapter } = db.getExecutor();
      const query = compile(db);
      const values = query.parameters.map((value) => (value instanceof Placeholder ? parameters[value.name as keyof P] : value));
      const given = adapter instanceof DirectAdapter ? adapter.runNow<Row<Q>>(query.sql, values) : undefined;
      return given ?? executeLater(db, { ...query, parameters: values });
    }

    async function executeLater(db: Queries, query: CompiledQuery): Promise<Given<Row<Q>>> {
      const { rows, numAffectedRows = 0n, insertId = 0n } = await db.executeQuery(query as CompiledQuery<Row<Q>>);
      return { rows, changes: Number(numAffectedRows), insertId: Number(insertId) };
    }

    return {
      all: async (tx, parameters) => (await execute(tx, parameters)).rows,
      first: async (tx, parameters) => (await execute(tx, parameters)).rows[0],
      insert: async (tx, parameters) => (await execute(tx, parameters)).insertId,
      async insertAll(tx, rows) {
        let last = 0;
        for (const parameters of rows) {
          const given = execute(tx, parameters);
          // A turn of the microtask queue for each would be felt.
          last = (given instanceof Promise ? await given : given).insertId;
        }
        return last;
      },
      run: async (tx, parameters) => (await execute(tx, parameters)).changes,
    };
  };
}
