/** What the worker and its writer thread say to each other. */
import type { PlainStatement, PlainValue } from './plain-write.js';

/** What the thread is started with. */
export interface WriterData {
  /** Of the database, which is open and migrated. */
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly checkpointPages: number;
}

export interface WriterBatch {
  /** Kinds of writes that the thread has not been told of; they are numbered in the order in which they come. */
  readonly kinds: readonly (readonly PlainStatement[])[];
  /** The number of the kind, then its values, for each write. */
  readonly writes: readonly (readonly [kind: number, ...values: PlainValue[]])[];
}

/** What the thread is sent: a batch as JSON, which costs half of what copying it value by value does; or this. */
export const CLOSE = 'close';

/** Of the oldest `batches` that were not answered yet, which shared a transaction. */
export type WriterAnswer =
  | { readonly type: 'ready' }
  /** They are on disk. */
  | { readonly type: 'committed'; readonly batches: number }
  /** Nothing of them was kept. */
  | {
      readonly type: 'failed';
      readonly batches: number;
      readonly message: string;
      /** SQLite's result code (sqlite-errors.ts), where it was SQLite that failed. */
      readonly rawCode?: number;
    };
