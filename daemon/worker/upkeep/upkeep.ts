/**
 * Background work of the one active worker on the store: late migrations, interrupted turns, purging of expired data, the
 * search index, and checkpoints.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../shared/clock.js';
import { FILE_LIMITS } from '../../../shared/file-limits.js';
import { MAX_USAGE_DAYS } from '../../../shared/api/gateway/usage.js';
import { purgeApprovals } from '../store/approvals/approvals.js';
import { purgeUnsent } from '../store/conversations/attachments.js';
import { IDEMPOTENCY_TTL_MS, purgeIdempotencyKeys } from '../store/idempotency.js';
import { purgeTurnSteps } from '../store/turns/turn-steps.js';
import { purgeInbox } from '../store/delivery/inbox.js';
import { purgeOutbox } from '../store/delivery/outbox-pages.js';
import { purgeResponses } from '../store/responses/responses.js';
import { purgeSamples } from '../store/overview/minute-samples.js';
import { purgeCallUsage } from '../store/overview/call-usage.js';
import { dayOf, purgeSpending } from '../store/overview/spending.js';
import { purgeInSteps, type PurgeStep } from '../store/conversations/purge.js';
import { purgeSessions } from '../store/conversations/session-removal.js';
import type { Liveness } from '../store/liveness.js';
import { StoreWait } from '../store/store-wait.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import { retentionSteps } from '../sessions/session-retention.js';
import { SESSION_UNDO_MS } from '../sessions/sessions.js';
import { IdleCheckpoint } from './idle-checkpoint.js';
import { SearchIndexer } from './search-indexer.js';
import type { WaitingTurns } from '../turns/steps/waiting-turns.js';
import type { TurnJournal } from '../turns/turn-journal.js';

export interface UpkeepOptions extends Deps<'store' | 'clock' | 'logger' | 'config'> {
  readonly journal: Pick<TurnJournal, 'interruptOrphans'>;
  readonly waiting: Pick<WaitingTurns, 'giveUpDeleted' | 'look'>;
  readonly liveness: Pick<Liveness, 'lookAgainMs'>;
  /** Removes expired jobs and their runs. `mayGoOn` is asked before each step. */
  purgeJobs(nowMs: number, mayGoOn: () => boolean): Promise<void>;
}

/** Delivered messages are kept for a week, others for three months. Inbox rows identify repeated updates. */
const DELIVERED_TTL_MS = 7 * DAY_MS;
const UNDELIVERED_TTL_MS = 90 * DAY_MS;
const SAMPLE_TTL_MS = 8 * DAY_MS;
const HANDLED_TTL_MS = 7 * DAY_MS;
/** Each counts from its end, or from that of the last one that continues it. */
const RESPONSE_TTL_MS = 30 * DAY_MS;
/** As far back as usage can be queried, in any time zone. */
const CALL_USAGE_TTL_MS = (MAX_USAGE_DAYS + 1) * DAY_MS;
const SPENDING_TTL_MS = 32 * DAY_MS;
const APPROVAL_TTL_MS = 90 * DAY_MS;
const EVERY_MS = HOUR_MS;
/** Timers and the clock do not agree to the millisecond. */
const TOLERANCE_MS = 60_000;
/** While an older worker ends its turns. */
const SOON_MS = 1_000;
/** While other gateways live: each may leave a turn when it dies. */
const LOOK_MS = 3_000;

export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #wait: StoreWait;
  readonly #indexer: SearchIndexer;
  readonly #checkpoint: IdleCheckpoint;
  #cancel: (() => void) | undefined;
  /** When data was purged; at first, when this worker started. */
  #purgedAtMs: number;
  #isFirst = true;
  #mayPurge = false;
  #isStopped = false;
  #round: Promise<void> | undefined;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#wait = new StoreWait(options, 'upkeep is waiting for the store');
    this.#indexer = new SearchIndexer(options);
    this.#checkpoint = new IdleCheckpoint(options);
    this.#purgedAtMs = options.clock.now();
  }

  /** Runs late migrations and ends interrupted turns. Purging and later rounds follow in the background. */
  async start(): Promise<void> {
    await this.#beginRound();
    if (this.#isStopped) return;
    this.#indexer.start();
    this.#checkpoint.start();
  }

  /** Starts no more rounds and waits for the current one. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    this.#checkpoint.stop();
    await this.#round;
    await this.#indexer.stop();
  }

  /** Resolves when the repairs are done; the rest of the round continues. */
  #beginRound(): Promise<number> {
    const repaired = this.#attempt(() => this.#repair());
    this.#round = repaired.then(async (nextMs) => {
      const waitMs = this.#mayPurge ? Math.min(nextMs, await this.#attempt(() => this.#purge())) : nextMs;
      if (!this.#isStopped) this.#cancel = this.#options.clock.after(waitMs, () => void this.#beginRound());
    });
    return repaired;
  }

  /** @param work  returns the delay until the next round. Never rejects. */
  async #attempt(work: () => Promise<number>): Promise<number> {
    try {
      const nextMs = await work();
      this.#wait.succeeded();
      return nextMs;
    } catch (error) {
      return this.#wait.failed(error);
    }
  }

  async #repair(): Promise<number> {
    const { store, journal, waiting, liveness, clock } = this.#options;
    this.#mayPurge = false;
    const isHourOver = Math.abs(clock.now() - this.#purgedAtMs) >= EVERY_MS - TOLERANCE_MS;
    const isDue = this.#isFirst || isHourOver;
    if (isDue) await store.contract();
    const others = await journal.interruptOrphans();
    // One that a dead worker left may wait to go on after a decision.
    await waiting.look();
    // An older worker ends its turns soon; some other gateway may always run one.
    this.#mayPurge = isDue && (others === 0 || isHourOver);
    if (isDue && others > 0) return SOON_MS;
    return others === 0 && liveness.lookAgainMs(LOOK_MS) === undefined ? EVERY_MS : LOOK_MS;
  }

  async #purge(): Promise<number> {
    const nowMs = this.#options.clock.now();
    const steps: PurgeStep[] = [
      (tx) => purgeIdempotencyKeys(tx, nowMs),
      // Turns that can be requested again, until their keys expire.
      (tx) => purgeTurnSteps(tx, { beforeMs: nowMs - IDEMPOTENCY_TTL_MS, nowMs }),
      ...retentionSteps(this.#options.config(), nowMs),
      (tx) => purgeSessions(tx, nowMs - SESSION_UNDO_MS),
      (tx) => purgeOutbox(tx, { deliveredMs: nowMs - DELIVERED_TTL_MS, otherMs: nowMs - UNDELIVERED_TTL_MS }),
      (tx) => purgeInbox(tx, nowMs - HANDLED_TTL_MS),
      (tx) => purgeSamples(tx, Math.floor((nowMs - SAMPLE_TTL_MS) / MINUTE_MS)),
      (tx) => purgeResponses(tx, nowMs - RESPONSE_TTL_MS),
      (tx) => purgeSpending(tx, dayOf(nowMs - SPENDING_TTL_MS)),
      (tx) => purgeCallUsage(tx, nowMs - CALL_USAGE_TTL_MS),
      (tx) => purgeApprovals(tx, nowMs - APPROVAL_TTL_MS),
      (tx) => purgeUnsent(tx, nowMs - FILE_LIMITS.unsentTtlMs),
    ];
    // Purging a turn that waits would leave its message or job waiting.
    await this.#options.waiting.giveUpDeleted();
    const mayGoOn = (): boolean => !this.#isStopped;
    for (const step of steps) await purgeInSteps(this.#options.store, step, mayGoOn);
    await this.#options.purgeJobs(nowMs, mayGoOn);
    this.#purgedAtMs = nowMs;
    this.#isFirst = false;
    return EVERY_MS;
  }
}
