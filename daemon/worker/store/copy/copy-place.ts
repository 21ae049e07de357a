/** The operations of an engine that copying needs. */
import { GatewayError } from '../../../../shared/errors.js';
import { type StoreEngine, storeUnavailable } from '../engine.js';
import type { Queries } from '../schema.js';
import type { CopiedTable } from './tables.js';

/** Hint for an error that may not occur again. */
export const CONTINUE_HINT = 'Repeat the command: it continues where it ended.';

/** Returns a function that runs `work` on a place of an engine. It throws STORE_UNAVAILABLE for a fault that is not the caller's. */
export const guardFor =
  ({ classify, describe }: Pick<StoreEngine, 'classify' | 'describe'>) =>
  async <T>(place: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof GatewayError || classify(error) === 'other') throw error;
      throw storeUnavailable(place, describe(error), { cause: error, hint: CONTINUE_HINT });
    }
  };

/** Returns the name of a table or column, each of which is ours, as SQL. */
export const quoted = (name: string): string => `"${name}"`;

/** How a value is transferred. An integer is a decimal text, because it may have more than 53 bits. */
export type ColumnKind = 'integer' | 'real' | 'text' | 'bytes';

export interface CopiedColumn {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** In the order of the columns. */
export type CopiedRow = readonly (string | number | Uint8Array | null)[];

export interface CopyPlace {
  /** For messages; never a secret. */
  readonly place: string;
  /** Returns the columns, sorted by name; none where there is no such table. */
  columns(table: string): Promise<CopiedColumn[]>;
  /** Reads a table in the order of its key; where that is a text, in the order of its bytes. */
  batches(table: CopiedTable, columns: readonly CopiedColumn[]): AsyncIterable<readonly CopiedRow[]>;
  close(): Promise<void>;
}

/** Nobody else can write to it until it is closed. */
export interface CopySource extends CopyPlace {
  readonly query: Queries;
  /** Returns the highest number that was given to a row of the table, as decimal text; 0: none. */
  lastIdentity(table: string, column: string): Promise<string>;
}

export interface CopyTarget extends CopyPlace {
  /** Whether a copy may be started there, as far as known without reading its content. */
  readonly isEmptyPlace: boolean;
  /** How to make room for a copy. */
  readonly emptyHint: string;
  /** Runs `work` in a transaction, while nobody else writes. */
  write<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  setIdentity(table: string, column: string, last: string): Promise<void>;
  /** Prepares complete content for use, such as its index for searches. May be repeated. */
  prepare(): Promise<void>;
  /**
   * Removes the progress record and puts the content in place as the database; does nothing if that is already done. Only `close`
   * may follow.
   */
  finish(): Promise<void>;
}
