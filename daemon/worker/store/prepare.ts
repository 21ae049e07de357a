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
  readonly row: number;

  constructor(name: string, row: number) {
    this.name = name;
    this.row = row;
  }
}

/** Returns a row of parameters: every property is a placeholder of that name. */
function placeholders<P>(row: number): P {
  return new Proxy({}, { get: (_target, name) => new Placeholder(String(name), row) }) as P;
}

function bind<P>(query: CompiledQuery, rows: readonly P[]): unknown[] {
  return query.parameters.map((value) => (value instanceof Placeholder ? rows[value.row]?.[value.name as keyof P] : value));
}

/** Returns a function that builds and compiles at its first call for a connection. */
function compileOnce(build: (db: Queries) => Compilable<unknown>): (db: Queries) => CompiledQuery {
  const compiled = new WeakMap<Queries, CompiledQuery>();
  return (db) => {
    let query = compiled.get(db);
    if (query === undefined) compiled.set(db, (query = build(db).compile() as CompiledQuery));
    return query;
  };
}

export interface PreparedStatement<P, R> {
  readonly all: (tx: Transaction, parameters: P) => Promise<R[]>;
  readonly first: (tx: Transaction, parameters: P) => Promise<R | undefined>;
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
    const compile = compileOnce((db) => build(db, placeholders<P>(0)));

    function run(tx: Transaction, parameters: P) {
      const access = accessOf(tx);
      const query = compile(access.queries);
      return access.run<Row<Q>>(query.sql, bind(query, [parameters]));
    }

    return {
      all: async (tx, parameters) => (await run(tx, parameters)).rows,
      first: (tx, parameters) => {
        const access = accessOf(tx);
        const query = compile(access.queries);
        return access.first<Row<Q>>(query.sql, bind(query, [parameters]));
      },
      run: async (tx, parameters) => (await run(tx, parameters)).changes,
    };
  };
}

/** More rows at once save little more. */
const ROWS_AT_ONCE = 10;

/** Like {@link prepare}, for an insert: adds the rows in their order, several with one statement. */
export function prepareRows<P>() {
  return (build: Build<readonly P[], Compilable<unknown>>): ((tx: Transaction, rows: readonly P[]) => Promise<void>) => {
    const compile = (count: number) =>
      compileOnce((db) =>
        build(
          db,
          Array.from({ length: count }, (_, row) => placeholders<P>(row)),
        ),
      );
    const several = compile(ROWS_AT_ONCE);
    const single = compile(1);
    return async (tx, rows) => {
      const access = accessOf(tx);
      for (let start = 0, count = 0; start < rows.length; start += count) {
        count = rows.length - start < ROWS_AT_ONCE ? 1 : ROWS_AT_ONCE;
        const query = (count === 1 ? single : several)(access.queries);
        await access.run(query.sql, bind(query, rows.slice(start, start + count)));
      }
    };
  };
}
