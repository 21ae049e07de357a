/**
 * Statements that are built and compiled once and then run with new parameters: for hot paths, where building the query
 * costs more than running it.
 */
import type { Compilable, CompiledQuery, InferResult } from 'kysely';
import type { Queries } from './schema.js';
import { accessOf, type Transaction } from './transaction.js';

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
  readonly all: (tx: Transaction, parameters: P) => Promise<R[]>;
  readonly first: (tx: Transaction, parameters: P) => Promise<R | undefined>;
  /** For an insert without `returning`. Returns the new row's integer primary key. */
  readonly insert: (tx: Transaction, parameters: P) => Promise<number>;
  /** Returns how many rows were changed. */
  readonly run: (tx: Transaction, parameters: P) => Promise<number>;
}

type Build<P, Q> = (db: Queries, parameters: P) => Q;
type Row<Q> = Q extends Compilable<unknown> ? InferResult<Q>[number] : never;

/**
 * Returns a prepared statement. `build` must use each parameter as a value and never look at it: it gets placeholders.
 * The statement is compiled at its first use, once for each connection.
 */
export function prepare<P>() {
  return <Q extends Compilable<unknown>>(build: Build<P, Q>): PreparedStatement<P, Row<Q>> => {
    const compiled = new WeakMap<Queries, CompiledQuery>();

    function compile(queries: Queries): CompiledQuery {
      let query = compiled.get(queries);
      if (query === undefined) compiled.set(queries, (query = build(queries, placeholders as P).compile() as CompiledQuery));
      return query;
    }

    const bind = (query: CompiledQuery, parameters: P): unknown[] =>
      query.parameters.map((value) => (value instanceof Placeholder ? parameters[value.name as keyof P] : value));

    function run(tx: Transaction, parameters: P) {
      const access = accessOf(tx);
      const query = compile(access.queries);
      return access.run<Row<Q>>(query.sql, bind(query, parameters));
    }

    return {
      all: async (tx, parameters) => (await run(tx, parameters)).rows,
      first: (tx, parameters) => {
        const access = accessOf(tx);
        const query = compile(access.queries);
        return access.first<Row<Q>>(query.sql, bind(query, parameters));
      },
      insert: async (tx, parameters) => (await run(tx, parameters)).insertId,
      run: async (tx, parameters) => (await run(tx, parameters)).changes,
    };
  };
}
