/**
 * Prepares statements that are built and compiled once and then run with new parameters: for hot paths, where building the query
 * costs more than running it.
 */
import type { Compilable, CompiledQuery, InferResult, InsertObject, InsertQueryBuilder, InsertResult } from 'kysely';
import type { Queries, Schema } from './schema.js';
import { accessOf, type BoundStatement, type DatabaseAccess, type RowColumns, type Transaction } from './transaction.js';

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

function bind(query: CompiledQuery, rows: readonly unknown[]): unknown[] {
  return query.parameters.map((value) =>
    value instanceof Placeholder ? (rows[value.row] as Readonly<Record<string, unknown>> | undefined)?.[value.name] : value,
  );
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

/** Omitted for a statement without parameters. */
type Given<P> = keyof P extends never ? [] : [parameters: P];

export interface PreparedStatement<P, R> {
  readonly all: (tx: Transaction, ...given: Given<P>) => Promise<R[]>;
  readonly first: (tx: Transaction, ...given: Given<P>) => Promise<R | undefined>;
  /** Returns how many rows were changed. */
  readonly run: (tx: Transaction, ...given: Given<P>) => Promise<number>;
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

    function run(tx: Transaction, given: Given<P>) {
      const access = accessOf(tx);
      const query = compile(access.queries);
      return access.run<Row<Q>>(query.sql, bind(query, given));
    }

    return {
      all: async (tx, ...given) => (await run(tx, given)).rows,
      first: (tx, ...given) => {
        const access = accessOf(tx);
        const query = compile(access.queries);
        return access.first<Row<Q>>(query.sql, bind(query, given));
      },
      run: async (tx, ...given) => (await run(tx, given)).changes,
    };
  };
}

export interface PreparedRows<P, R> {
  /** Returns the statements for these rows, to be run with {@link runAll}. */
  readonly of: (tx: Transaction, rows: readonly P[]) => BoundStatement[];
  /** Returns the rows that the statements return. */
  readonly all: (tx: Transaction, rows: readonly P[]) => Promise<R[]>;
}

/**
 * Like {@link prepare}, for an insert of many rows, in their order. `row` returns the columns of one, made of its parameters.
 * @param more  the text after the rows, such as `on conflict`
 */
export function prepareRows<P extends object>(columns: Readonly<Record<keyof P & string, RowColumns[string]>>) {
  return <T extends keyof Schema, Q extends Compilable<unknown> = Compilable<InsertResult>>(
    into: T,
    row: (parameters: P, db: Queries) => InsertObject<Schema, T>,
    more?: (insert: InsertQueryBuilder<Schema, T, InsertResult>) => Q,
  ): PreparedRows<P, Row<Q>> => {
    /** By the number of rows of parameters. */
    const compiled = new Map<number, ReturnType<typeof compileOnce>>();

    function compile({ rows, queries }: DatabaseAccess, count: number): CompiledQuery {
      let compileFor = compiled.get(count);
      if (compileFor === undefined) {
        const parameters = Array.from({ length: count }, (_, index) => placeholders<Record<string, unknown>>(index));
        compileFor = compileOnce((db) => {
          const insert = rows.insert(db, { into, row: (p) => row(p as P, db), columns, parameters });
          return more === undefined ? insert : more(insert);
        });
        compiled.set(count, compileFor);
      }
      return compileFor(queries);
    }

    function of(tx: Transaction, rows: readonly P[]): BoundStatement[] {
      const access = accessOf(tx);
      return access.rows.split(columns, rows as readonly Record<string, unknown>[]).map((parameters) => {
        const query = compile(access, parameters.length);
        return { sql: query.sql, parameters: bind(query, parameters) };
      });
    }

    return {
      of,
      async all(tx, rows) {
        const found: Row<Q>[] = [];
        for (const each of of(tx, rows)) found.push(...(await accessOf(tx).run<Row<Q>>(each.sql, each.parameters)).rows);
        return found;
      },
    };
  };
}

/** Runs statements in their order, none of which needs what another returns. @throws the error of the first that failed */
export function runAll(tx: Transaction, statements: readonly BoundStatement[]): Promise<void> {
  return accessOf(tx).runAll(statements);
}
