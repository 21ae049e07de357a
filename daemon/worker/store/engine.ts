/** The interface of a database engine that the store needs. */
import { GatewayError } from '../../../shared/errors.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import { sayOfStore } from '../../../shared/text/sentences/store.js';
import type { Transaction } from './transaction.js';

/**
 * The class of an error. `corrupt`: the content is damaged. `busy`: another process holds the lock that was wanted. `unavailable`:
 * the location or the moment is the problem (full disk, permissions), not the content. `other`: a fault of the caller, such as a
 * violated constraint.
 */
export type StoreFault = 'corrupt' | 'busy' | 'unavailable' | 'other';

export interface OpenDatabase {
  /** Sees only what has been committed. */
  readonly reader: Transaction;
  /**
   * Runs `run` in a write transaction, after all earlier ones. `run` may only await its own statements.
   * @returns the result of `run`, once the commit survives a power loss
   * @throws the error of `run`, or the error that kept the transaction from starting or rolled it back, such as a full disk
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /** Limitations that last as long as it is open. Default: none. */
  readonly warnings?: readonly StatusWarning[];
  /**
   * Whether data written here will be found by the next process that opens the database; cheap, called before and after each
   * commit.
   */
  isInPlace(): boolean;
  /**
   * Puts the content of a database that is no longer in place back, complete and on disk, and keeps the file that replaced it. Only
   * {@link close} may follow. @throws STORE_UNAVAILABLE, or an error for `classify`
   */
  rescue(): Promise<void>;
  /** Writes the engine's log, if it has one, back to the data. */
  checkpoint(): Promise<void>;
  /** Runs the migrations that are incompatible with earlier builds. */
  contract(): Promise<void>;
  /** Waits for the transaction in progress. */
  close(): Promise<void>;
}

/** A file that was moved aside: a damaged database, or a file that took the place of the open one. */
export interface SetAside {
  readonly path: string;
  /** What happened. */
  readonly message: string;
  /** How to recover its content. */
  readonly hint: string;
  exists(): boolean;
}

/** A kind of database at a certain place. */
export interface StoreEngine {
  /** The location, for messages and logs; never a secret. */
  readonly place: string;
  /**
   * Opens the database and runs the migrations that only expand. Creates a missing database, but only with `isAlone`: another
   * worker may have one open that is no longer in place. @throws an error for {@link classify}
   */
  open(options: { readonly isAlone: boolean }): Promise<OpenDatabase>;
  classify(error: unknown): StoreFault;
  /** Returns the reason in words, for a message such as `… cannot be used: the disk is full`. */
  describe(error: unknown): string;
  /** Reads everything. Returns a description of damage; null if there is none. @throws when it cannot be read for another reason */
  findDamage(): Promise<string | null>;
  /** Moves a damaged database out of the way. @throws STORE_UNAVAILABLE */
  setAside(nowMs: number): Promise<SetAside>;
  /** Returns the newest database that was set aside and still exists. */
  findSetAside(): SetAside | undefined;
  /** Returns what distinguishes this database from another one in the same place; undefined where there is none. */
  identity(): string | undefined;
  /** Returns the size on disk in bytes; null if unknown. */
  readSize(): Promise<number | null>;
}

const WILL_RECOVER = 'Nothing can be stored until this is fixed; the gateway then recovers automatically.';

/** Returns the error for a database that cannot be used in its location or state. */
export function storeUnavailable(
  place: string,
  reason: string,
  { cause, hint = WILL_RECOVER }: { cause?: unknown; hint?: string } = {},
): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', {
    message: sayOfStore('store-unusable', { place, cause: reason }),
    details: { path: place },
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
