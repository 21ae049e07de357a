/**
 * What the one active worker does about the store in the background: late migrations, turns of the dead, what is past
 * its time, and the search index.
 */
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { purgeIdempotencyKeys } from '../store/idempotency.js';
import { purgeInbox } from '../store/inbox.js';
import { purgeOutbox } from '../store/outbox-pages.js';
import { purgeSessions } from '../store/sessions.js';
import type { Store } from '../store/store.js';
import { StoreWait } from '../store/store-wait.js';
import { SESSION_UNDO_MS } from './sessions.js';
import { SearchIndexer } from './search-indexer.js';
import type { TurnJournal } from './turn-journal.js';

export interface UpkeepOptions {
  readonly store: Store;
  readonly journal: TurnJournal;
  readonly clock: Clock;
  readonly logger: LogPort;
}

/** What was delivered is shown for a week, what was not for three months. The inbox is what tells a repeated update from a new one. */
const DELIVERED_TTL_MS = 7 * 24 * 60 * 60 * 1_000;
const UNDELIVERED_TTL_MS = 90 * 24 * 60 * 60 * 1_000;
const HANDLED_TTL_MS = 7 * 24 * 60 * 60 * 1_000;
const EVERY_MS = 60 * 60 * 1_000;
/** While an older worker still ends its turns, or the store is out of order. */
const SOON_MS = 1_000;

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #wait: StoreWait;
  readonly #indexer: SearchIndexer;
  #cancel: (() => void) | undefined;
  #isStopped = false;
  #round: Promise<void> | undefined;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, 'the upkeep of the store has to wait');
    this.#indexer = new SearchIndexer(options);
  }

  /** Does the first round; later ones follow by themselves. */
  async start(): Promise<void> {
    await this.#beginRound();
    if (!this.#isStopped) this.#indexer.start();
  }

  /** No round begins any more; waits for the one under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#round;
    await this.#indexer.stop();
  }

  async #beginRound(): Promise<void> {
    this.#round = this.#runRound();
    await this.#round;
  }

  async #runRound(): Promise<void> {
    const { store, journal, clock } = this.#options;
    let nextMs = SOON_MS;
    try {
      await store.contract();
      const others = await journal.interruptOrphans();
      if (others === 0) nextMs = EVERY_MS;
      await store.write(async (db) => {
        await purgeIdempotencyKeys(db, clock.now());
        await purgeSessions(db, clock.now() - SESSION_UNDO_MS);
        await purgeOutbox(db, { deliveredMs: clock.now() - DELIVERED_TTL_MS, otherMs: clock.now() - UNDELIVERED_TTL_MS });
        await purgeInbox(db, clock.now() - HANDLED_TTL_MS);
      });
      this.#wait.succeeded();
    } catch (error) {
      nextMs = this.#wait.failed(error);
    }
    if (this.#isStopped) return;
    this.#cancel = clock.after(nextMs, () => void this.#beginRound());
  }
}
