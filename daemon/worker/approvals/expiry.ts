/**
 * Ends approvals that nobody decided in time, and updates their messages in chats. Each active worker has one timer, for the next
 * approval to end.
 */
import { expireApprovals, nextExpiry } from '../store/approvals/approvals.js';
import type { Liveness } from '../store/liveness.js';
import { WorkLoop } from '../store/tasks/work-loop.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import type { WaitingTurns } from './approvals.js';

export interface ApprovalExpiryOptions extends Deps<'store' | 'clock' | 'logger'> {
  readonly liveness: Pick<Liveness, 'lookAgainMs' | 'onChange'>;
  readonly waiting: WaitingTurns;
  /** Changes the questions of ended approvals in chats. @returns ms until the next check. Default: no questions are sent to chats */
  readonly closeQuestions?: () => Promise<number | undefined>;
}

/** Notices sleep and clock jumps, and keeps timers below 32 bits. */
const MAX_WAIT_MS = 60_000;

export class ApprovalExpiry {
  readonly #options: ApprovalExpiryOptions;
  readonly #loop: WorkLoop;

  constructor(options: ApprovalExpiryOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      ...options,
      problem: 'approvals are waiting for the store',
      look: () => this.#expireAndClose(),
      listen: (wake) => options.liveness.onChange('approvals', wake),
    });
  }

  /** Never rejects. */
  start(): Promise<void> {
    return this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Ends due approvals and waits for the next one. To be called when a question was stored or has ended. Never rejects. */
  look(): Promise<void> {
    return this.#loop.wake();
  }

  async #expireAndClose(): Promise<number | undefined> {
    const waits = [await this.#expire(), await this.#options.closeQuestions?.()].filter((waitMs) => waitMs !== undefined);
    return waits.length === 0 ? undefined : Math.min(...waits);
  }

  /** @returns ms until the next check; undefined: nothing is pending */
  async #expire(): Promise<number | undefined> {
    const { store, clock, liveness, waiting } = this.#options;
    const nextMs = await store.read(nextExpiry);
    if (nextMs === undefined) return liveness.lookAgainMs(MAX_WAIT_MS);
    if (nextMs > clock.now()) return Math.min(nextMs - clock.now(), MAX_WAIT_MS);
    const expired = await store.write(async (tx) => {
      const ended = await expireApprovals(tx, clock.now());
      for (const turnId of new Set(ended.map((approval) => approval.turnId))) await waiting.resume(tx, turnId);
      return ended;
    });
    for (const turnId of new Set(expired.map((approval) => approval.turnId))) waiting.resumed(turnId);
    return this.#expire();
  }
}
