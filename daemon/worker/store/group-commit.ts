/**
 * Lets writes that are submitted at the same time share one transaction, and so one sync of the disk. When one of them
 * fails, all are undone and run again, each in a savepoint, so that only the failed one is undone.
 */
import { sql } from 'kysely';
import type { OpenDatabase, StoreFault } from './engine.js';
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { accessOf, queriesOf, type Transaction } from './transaction.js';

/**
 * A write. It may only await its own statements: all others of its batch wait for it, and the database is locked. It may be run a
 * second time after its first run was undone, so it must have no effects other than its statements.
 */
export type Write<T> = (tx: Transaction) => Promise<T>;

/** The outcome of an item; an error if nothing was written for it. */
export type Outcome<T = unknown> = { readonly value: T } | { readonly error: unknown };

/** A write of several items, in their order, as a {@link Write}. Resolves with the outcome of each. */
export type WriteItems<Item, T> = (tx: Transaction, items: readonly Item[]) => Promise<Outcome<T>[]>;

/** The value of a write whose commit is in progress. */
export interface EarlyResult<T> {
  readonly value: T;
  /** Resolves when the write is on disk. Rejects when it could not be committed: then nothing of it was stored. */
  readonly stored: Promise<void>;
}

interface Pending {
  readonly work: WriteItems<never, unknown>;
  /** Undefined: the work has no items and is never merged with other work. */
  readonly item?: unknown;
  /** Called with the value as soon as no other write can undo this one, before the commit. */
  readonly onValue?: (value: unknown) => void;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly sinceMs: number;
}

const asItems =
  (work: Write<unknown>): WriteItems<never, unknown> =>
  async (tx) => [{ value: await work(tx) }];

export interface GroupCommitOptions {
  /** Where to write; called before each transaction. A rejection fails the writes that wait. */
  database(): Promise<Pick<OpenDatabase, 'transaction'>>;
  classify(error: unknown): StoreFault;
  /** Publishes the events recorded by committed writes, before their writers continue. Must not throw. */
  publish(event: GatewayEvent): void;
}

/** Limits how long the event loop is blocked at a time; the rest goes into the next transaction. */
const MAX_BATCH = 200;
/** Half of what a transaction waits for a lock, at most. */
const LONG_WAIT_MS = 1_000;

/** Thrown out of a shared transaction when one of several writes failed. */
class OneFailed extends Error {}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #pending: Pending[] = [];
  #running: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Runs `work` in a transaction. Resolves when it is on disk, rejects when it was undone. */
  submit<T>(work: Write<T>): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      this.#add({ work: asItems(work), resolve: resolve as Pending['resolve'], reject, sinceMs: performance.now() }),
    );
  }

  /** Runs `work` in a transaction, in one call for all adjacent items of the same `work` that wait. Resolves when it is on disk. */
  submitItem<Item, T>(work: WriteItems<Item, T>, item: Item): Promise<T> {
    return new Promise<T>((resolve, reject) =>
      this.#add({ work, item, resolve: resolve as Pending['resolve'], reject, sinceMs: performance.now() }),
    );
  }

  /** Runs `work` in a transaction. Resolves before the commit: readers do not see the write until it is `stored`. */
  submitEarly<T>(work: Write<T>): Promise<EarlyResult<T>> {
    return new Promise<EarlyResult<T>>((resolve, reject) => {
      const stored: Promise<void> = new Promise<unknown>((resolveStored, rejectStored) => {
        const onValue = (value: unknown): void => resolve({ value: value as T, stored });
        this.#add({ work: asItems(work), onValue, resolve: resolveStored, reject: rejectStored, sinceMs: performance.now() });
      }).then(() => undefined);
      // Without a value so far, the write itself has failed.
      stored.catch(reject);
    });
  }

  /** Resolves when everything submitted so far is decided. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #add(pending: Pending): void {
    this.#pending.push(pending);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    while (this.#pending.length > 0) await this.#commitNext();
    this.#running = undefined;
  }

  /** Never rejects. */
  async #commitNext(): Promise<void> {
    // Writes that are submitted later in this turn of the event loop join the batch.
    await new Promise(setImmediate);
    const batch = this.#pending.splice(0, MAX_BATCH);
    try {
      const database = await this.#options.database();
      const { outcomes, events } = (await runTogether(database, batch)) ?? (await database.transaction((tx) => runApart(tx, batch)));
      for (const event of events) this.#options.publish(event);
      report(batch, outcomes);
    } catch (error) {
      const others = this.#options.classify(error) === 'busy' ? this.#takeLongWaiting() : [];
      for (const { reject } of [...batch, ...others]) reject(error);
    }
  }

  /** Writes queued behind a lock timeout fail with it: they would only wait for the lock again. */
  #takeLongWaiting(): Pending[] {
    const nowMs = performance.now();
    const end = this.#pending.findIndex(({ sinceMs }) => nowMs - sinceMs < LONG_WAIT_MS);
    return this.#pending.splice(0, end === -1 ? this.#pending.length : end);
  }
}

interface Call {
  readonly work: Pending['work'];
  readonly items: readonly never[];
}

/** Returns the calls for a batch: one for adjacent items of the same work. */
function joinItems(batch: readonly Pending[]): Call[] {
  const calls: { work: Pending['work']; items: unknown[] }[] = [];
  for (const { work, item } of batch) {
    const last = calls.at(-1);
    if (item !== undefined && last?.work === work) last.items.push(item);
    else calls.push({ work, items: [item] });
  }
  return calls as { work: Pending['work']; items: never[] }[];
}

/** The results of a transaction. */
interface Done {
  readonly outcomes: readonly Outcome[];
  readonly events: readonly GatewayEvent[];
}

/** Runs all in one transaction, without savepoints, which cost more than the writes. Returns undefined when one of several failed. */
async function runTogether(database: Pick<OpenDatabase, 'transaction'>, batch: readonly Pending[]): Promise<Done | undefined> {
  try {
    return await database.transaction(async (tx) => {
      const outcomes: Outcome[] = [];
      takeEvents(tx);
      for (const { work, items } of joinItems(batch)) {
        try {
          outcomes.push(...(await work(tx, items)));
        } catch (error) {
          throw batch.length === 1 ? error : new OneFailed('one write of a batch failed', { cause: error });
        }
      }
      handOut(batch, outcomes);
      return { outcomes, events: takeEvents(tx) };
    });
  } catch (error) {
    if (error instanceof OneFailed) return undefined;
    throw error;
  }
}

/** Returns and clears the events recorded by writes. At the start of a transaction these are leftovers of an undone one. */
const takeEvents = (tx: Transaction): GatewayEvent[] => accessOf(tx).events.splice(0);

const savepoint = sql`savepoint one_write`;
const undoSavepoint = sql`rollback to savepoint one_write`;
const releaseSavepoint = sql`release savepoint one_write`;

/** Runs each call in a savepoint, so that only a failing call is undone. */
async function runApart(tx: Transaction, batch: readonly Pending[]): Promise<Done> {
  const outcomes: Outcome[] = [];
  takeEvents(tx);
  for (const call of joinItems(batch)) outcomes.push(...(await runInSavepoint(tx, call)));
  handOut(batch, outcomes);
  return { outcomes, events: takeEvents(tx) };
}

/** The items of a call that fails are run one by one. */
async function runInSavepoint(tx: Transaction, { work, items }: Call): Promise<Outcome[]> {
  const db = queriesOf(tx);
  const { events } = accessOf(tx);
  const noted = events.length;
  let outcomes: Outcome[] | undefined;
  await savepoint.execute(db);
  try {
    outcomes = await work(tx, items);
  } catch (error) {
    // Rejects when the whole transaction was lost, so that nothing of the batch was kept.
    await undoSavepoint.execute(db).catch(() => Promise.reject(error));
    events.splice(noted);
    if (items.length === 1) outcomes = [{ error }];
  }
  await releaseSavepoint.execute(db);
  if (outcomes !== undefined) return outcomes;
  const apart: Outcome[] = [];
  for (const item of items) apart.push(...(await runInSavepoint(tx, { work, items: [item] })));
  return apart;
}

/** Passes the values to writers that do not wait for the commit. */
function handOut(batch: readonly Pending[], outcomes: readonly Outcome[]): void {
  batch.forEach(({ onValue }, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'value' in outcome) onValue?.(outcome.value);
  });
}

/** Reports the outcome to each writer. */
function report(batch: readonly Pending[], outcomes: readonly Outcome[]): void {
  batch.forEach(({ resolve, reject }, index) => {
    const outcome = outcomes[index];
    if (outcome !== undefined && 'value' in outcome) resolve(outcome.value);
    else reject(outcome?.error);
  });
}
