/**
 * The access to the database that `Store.read` and `Store.write` hand to their work. Code outside `store/` can only pass
 * it to the functions of `store/`.
 */
import type { InsertObject, InsertQueryBuilder, InsertResult, RawBuilder } from 'kysely';
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import type { Queries, Schema } from './schema.js';

declare const brand: unique symbol;

/** The changes of a commit, for tasks that wait for them in other workers. Sessions are named by their row or their key. */
export type Topic =
  | 'outbox'
  | 'inbox'
  | 'cron'
  | 'stops'
  | 'tokens'
  | 'responses'
  | 'approvals'
  | 'waiting'
  | `session:${number}`
  | `chat:${string}`;

/** Valid until the work it was handed to has ended. */
export interface Transaction {
  readonly [brand]: true;
}

/** The result of a statement. */
export interface StatementResult<R> {
  readonly rows: R[];
  /** Number of rows that were changed; 0 for a statement that returns rows. */
  readonly changes: number;
}

/** How an engine finds messages by a part of their text, in any case. */
export interface MessageSearch {
  /** Returns the condition that the text of a column contains `needle`. */
  readonly contains: (column: RawBuilder<unknown>, needle: string) => RawBuilder<boolean>;
  /** Returns the condition that a column, which may be null, contains exactly `part`. Never null. */
  readonly holds: (column: RawBuilder<unknown>, part: string) => RawBuilder<boolean>;
  /** Returns a query for the `session_id` and `seq` of messages that contain `needle`. */
  readonly messagesWith: (needle: string) => RawBuilder<unknown>;
  /** Returns the part of a column's text around the first match; the whole text if the position is unknown. */
  readonly around: (column: RawBuilder<unknown>, needle: string) => RawBuilder<string>;
  /** Returns whether the index has at least `count` matches; false if that cannot be determined quickly. */
  readonly hasMatches: (tx: Transaction, needle: string, count: number) => Promise<boolean>;
  /** Returns an upper bound of the messages that {@link indexNext} has not indexed; 0: none. */
  readonly countBacklog: (tx: Transaction) => Promise<number>;
  /** Indexes the next messages: a step that is short enough for the event loop. Runs in a transaction. */
  readonly indexNext: (tx: Transaction) => Promise<void>;
}

/** A compiled statement with its parameters. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** The names and types of the parameters of a row. */
export type RowColumns = Readonly<Record<string, 'text' | 'bigint'>>;
type RowOfValues = Readonly<Record<string, unknown>>;

/** How an engine accepts rows as parameters. */
export interface RowParameters {
  /** Returns the parameters of each statement that is needed for these rows. Those of equal length are for the same statement. */
  readonly split: (columns: RowColumns, rows: readonly RowOfValues[]) => (readonly RowOfValues[])[];
  /** Begins a statement that inserts rows in order. */
  readonly insert: <T extends keyof Schema>(db: Queries, rows: RowInsert<T>) => InsertQueryBuilder<Schema, T, InsertResult>;
}

export interface RowInsert<T extends keyof Schema> {
  readonly into: T;
  /** Returns the columns of a row, made of its parameters. */
  readonly row: (parameters: RowOfValues) => InsertObject<Schema, T>;
  readonly columns: RowColumns;
  /** In the form of {@link RowParameters.split}. */
  readonly parameters: readonly RowOfValues[];
}

/** The engine's implementation behind a `Transaction`. */
export interface DatabaseAccess {
  readonly queries: Queries;
  readonly search: MessageSearch;
  readonly rows: RowParameters;
  /** Runs a compiled statement without the layers of the query builder, which cost more than most statements. */
  run<R>(sql: string, parameters: readonly unknown[]): Promise<StatementResult<R>>;
  /** Runs a compiled statement for its first row. */
  first<R>(sql: string, parameters: readonly unknown[]): Promise<R | undefined>;
  /** Runs statements in order, without waiting for the network in between. @throws the error of the first that failed */
  runAll(statements: readonly BoundStatement[]): Promise<void>;
  /** Notifies other workers of a change once it is committed. Absent if the database does not support this. */
  readonly tell?: (topic: Topic) => void;
  /** Events to publish once the transaction is committed. */
  readonly events: GatewayEvent[];
}

/** Returns the query builder behind `tx`. Only for files of `store/`. */
export function queriesOf(tx: Transaction): Queries {
  return accessOf(tx).queries;
}

/** Returns the access behind `tx`. Only for prepared statements. */
export function accessOf(tx: Transaction): DatabaseAccess {
  return tx as unknown as DatabaseAccess;
}

/** Notifies other workers of a change, if the database supports this. Runs in a transaction. */
export function tellOthers(tx: Transaction, topic: Topic): void {
  accessOf(tx).tell?.(topic);
}

/** Publishes an event once this write is committed; an undone write publishes nothing. Runs in a transaction. */
export function publishCommitted(tx: Transaction, event: GatewayEvent): void {
  accessOf(tx).events.push(event);
}

/** Returns `access` in the form that is handed out. Only for engines. */
export function transactionOf(access: Omit<DatabaseAccess, 'events'>): Transaction {
  return { ...access, events: [] } as unknown as Transaction;
}
