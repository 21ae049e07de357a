/** What the command line does with databases, itself and in its own process: the exports of `dist/database.cjs`. */

import type { StatusWarning } from '../control/messages.js';

/** A file of SQLite, or a database of PostgreSQL. */
export type DatabaseAt = { readonly path: string } | { readonly url: string };

export interface CopyProgress {
  readonly table: string;
  readonly rows: number;
  /** How many rows the table has in the source. */
  readonly total: number;
}

export interface TableCopy {
  readonly table: string;
  readonly rows: number;
  /** Of all rows in the order of their key, the same on every engine. Hex; empty without rows. */
  readonly checksum: string;
}

export interface ContentCopy {
  /** Places, without secrets. */
  readonly from: string;
  readonly to: string;
  readonly tables: readonly TableCopy[];
}

export interface CopyContentOptions {
  readonly from: DatabaseAt;
  readonly to: DatabaseAt;
  readonly onProgress: (progress: CopyProgress) => void;
  /** Called when everything is copied and compared, before the target can be used. May refuse by throwing. */
  readonly beforeEnd: () => Promise<void>;
}

/** What a server and its database are like. */
export interface ServerReport {
  /** One line, for a database that can be used. */
  readonly summary: string;
  /** Why it cannot be used. */
  readonly problem: { readonly message: string; readonly fix: string } | undefined;
  readonly warnings: readonly StatusWarning[];
}

export interface DatabaseModule {
  /**
   * Writes a consistent copy of a database file that may be in use. `to` must not exist.
   * @returns its schema's version @throws STORE_UNAVAILABLE, or the driver's error for unsound content
   */
  copyDatabase(from: string, to: string): Promise<number>;
  /**
   * Prepares a copy for use: checks its integrity, migrates its schema to this build's, and resolves messages and runs that were pending
   * when the copy was made. Also changes the copy itself.
   * @param options.to  must not exist
   * @param options.unsettled  `unknown`: pending messages may have been sent since, and are not sent automatically; `send`: they are sent.
   * @throws STORE_UNAVAILABLE when it is damaged, belongs to another program, or to a newer xopc
   */
  prepareDatabase(path: string, options: { readonly to: string; readonly unsettled: 'unknown' | 'send' }): Promise<void>;
  /**
   * Copies everything that is not of one process into another database, which must be empty, or have an earlier copy that was killed.
   * Meanwhile nobody can write to either, and no gateway uses the target before it is complete.
   * @throws STORE_UNAVAILABLE, CONFLICT
   */
  copyContent(options: CopyContentOptions): Promise<ContentCopy>;
  /** Looks at a database of PostgreSQL as a worker would use it, in at most three seconds. Changes nothing, never rejects. */
  inspectServer(url: string): Promise<ServerReport>;
}
