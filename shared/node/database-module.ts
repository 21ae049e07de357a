/** Database operations that the command line runs in its own process: the exports of `dist/database.cjs`. */

import type { StatusWarning } from '../api/gateway/status.js';

/** A SQLite file or a PostgreSQL database. */
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
  /** Hash of all rows in key order, the same on every engine. Hex; empty without rows. */
  readonly checksum: string;
}

export interface ContentCopy {
  /** Locations, without secrets. */
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

/** Describes a server and its database. */
export interface ServerReport {
  /** One line, for a database that can be used. */
  readonly summary: string;
  /** Why the database cannot be used. */
  readonly problem: { readonly message: string; readonly fix: string } | undefined;
  readonly warnings: readonly StatusWarning[];
}

/** Something that admits a person or a program, and has ended since a backup that still has it. */
export interface ValidAgain {
  readonly what: string;
  /** The command that ends it. */
  readonly revoke: string;
}

export interface DatabaseModule {
  /**
   * Whether there is a SQLite database at `path`.
   * @throws STORE_UNAVAILABLE where one has been, but is missing or has lost its content: a link that leads to nothing, a log without
   *   its database, an empty file
   */
  hasDatabase(path: string): boolean;
  /** Returns the newest copy of the database at `path` that the gateway has set aside since then, because it was damaged. */
  findDamaged(path: string, options: { readonly sinceMs: number }): string | undefined;
  /**
   * Writes a consistent copy of a database file that may be in use. `to` must not exist.
   * @returns its schema's version @throws STORE_UNAVAILABLE, or the driver's error for corrupt content
   */
  copyDatabase(from: string, to: string): Promise<number>;
  /**
   * Prepares a copy for use: checks its integrity, migrates its schema to this build's, and resolves messages and runs that were pending
   * when the copy was made. Also changes the copy itself.
   * @param options.to  must not exist
   * @param options.unsettled  `unknown`: pending messages may have been sent since, and are not sent automatically, and the page's sessions
   *   end; `send`: they are sent, and the sessions stay.
   * @throws STORE_UNAVAILABLE when it is damaged, belongs to another program, or to a newer xopc
   */
  prepareDatabase(path: string, options: { readonly to: string; readonly unsettled: 'unknown' | 'send' }): Promise<void>;
  /**
   * Returns what is valid in `restored`, the result of {@link prepareDatabase}, and not in the database at `present`.
   * @throws STORE_UNAVAILABLE or the driver's error
   */
  findValidAgain(restored: string, options: { readonly present: string; readonly nowMs: number }): Promise<ValidAgain[]>;
  /**
   * Copies all data that does not belong to a single process into another database, which must be empty or contain an interrupted
   * copy. During the copy nobody can write to either database, and no gateway uses the target before it is complete.
   * @throws STORE_UNAVAILABLE, CONFLICT
   */
  copyContent(options: CopyContentOptions): Promise<ContentCopy>;
  /**
   * Ends what is unfinished in a database whose copy is used from now on, so that nothing is done twice if the original is used again.
   * @throws STORE_UNAVAILABLE, CONFLICT
   */
  endCopied(original: DatabaseAt): Promise<void>;
  /** Checks a PostgreSQL database the way a worker would use it, within three seconds. Changes nothing, never rejects. */
  inspectServer(url: string): Promise<ServerReport>;
}
