/** What the store needs of a database engine. */
import { GatewayError } from '../../../shared/errors.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import { sayOfStore } from '../../../shared/text/sentences/store.js';
import type { Transaction } from './transaction.js';

/**
 * What an error means. `corrupt`: the content is not a sound database. `busy`: another process holds the lock that was
 * wanted. `unavailable`: the place or the moment is wrong (full disk, permissions), the content is not. `other`: a fault
 * of the caller, such as a violated constraint.
 */
export type StoreFault = 'corrupt' | 'busy' | 'unavailable' | 'other';

export interface OpenDatabase {
  /** Sees only what has been committed. */
  readonly reader: Transaction;
  /**
   * Runs `run` in a transaction for writing, after those before it. `run` may await nothing but its own statements.
   * @returns what `run` returns, once the commit survives a power loss
   * @throws what `run` throws, what keeps the transaction from beginning, or what undid all of it, such as a full disk
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /** What works less well than it could, for as long as it is open. Default: nothing. */
  readonly warnings?: readonly StatusWarning[];
  /** Whether the next one that opens the database finds what is written to this one: cheap, called before and after each commit. */
  isInPlace(): boolean;
  /**
   * Puts the content of a database that is no longer in its place back there, complete and on disk, and keeps what took its place.
   * Only {@link close} may follow. @throws STORE_UNAVAILABLE, or an error for `classify`
   */
  rescue(): Promise<void>;
  /** Moves what was written from the engine's log, if it has one, to the data. */
  checkpoint(): Promise<void>;
  /** Runs the migrations that are incompatible with earlier builds. */
  contract(): Promise<void>;
  /** Waits for the transaction under way. */
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
  /** The place, for messages and logs; never a secret. */
  readonly place: string;
  /**
   * Opens the database and runs the migrations that only expand. Creates it where there is none, but only with `isAlone`: another
   * worker may have one open that is no longer in its place. @throws an error for {@link classify}
   */
  open(options: { readonly isAlone: boolean }): Promise<OpenDatabase>;
  classify(error: unknown): StoreFault;
  /** Returns the reason in words, for a message such as `… cannot be used: the disk is full`. */
  describe(error: unknown): string;
  /** Reads everything. Returns what is wrong; null for sound content. @throws when it cannot be read for another reason */
  findDamage(): Promise<string | null>;
  /** Moves a damaged database out of the way. @throws STORE_UNAVAILABLE */
  setAside(nowMs: number): Promise<SetAside>;
  /** Returns the newest one that was set aside and is still there. */
  findSetAside(): SetAside | undefined;
  /** Returns what distinguishes this database from another one in the same place; undefined where there is none. */
  identity(): string | undefined;
  /** Returns the size on disk in bytes; null where it is not known. */
  readSize(): Promise<number | null>;
}

const WILL_RECOVER = 'Nothing can be stored until this is fixed; the gateway then recovers automatically.';

/** Returns the error for a database that cannot be used where or as it is. */
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
