/**
 * A successor between the hand-over and the moment when it serves alone: lock and sockets are its own, and its predecessor
 * still finishes what it has begun. Nobody may take over from it yet, and if it is stopped its predecessor must not go on.
 */
import type { PredecessorLink } from './predecessor-link.js';

type Link = Pick<PredecessorLink, 'hasHandedOver' | 'dismiss' | 'seeOff'>;

export class Arrival {
  readonly #link: Link;
  #isComplete = false;
  #completedAtMs: number | undefined;
  #waiters: (() => void)[] = [];
  #left: Promise<void> | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Resolves when it is over, however; undefined when it is over already. */
  get pending(): Promise<void> | undefined {
    return this.#isComplete ? undefined : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Of a predecessor that was told to leave: that it has; otherwise there is nothing to wait for. */
  get predecessorLeft(): Promise<void> | undefined {
    return this.#left;
  }

  /** How long we have served; 0 while we do not yet. */
  servesForMs(nowMs: number): number {
    return this.#completedAtMs === undefined ? 0 : nowMs - this.#completedAtMs;
  }

  /** Our worker is the active one. */
  complete(nowMs?: number): void {
    this.#isComplete = true;
    this.#completedAtMs ??= nowMs;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /**
   * We are to stop. Before the hand-over the predecessor is the gateway and goes on, after it there would be nobody to stop it;
   * and once it has let go of us it may still have requests to finish, on a port that is to be free when we are gone.
   */
  dismissPredecessor(timeoutMs: number): void {
    if (this.#left !== undefined || !this.#link.hasHandedOver) return;
    this.#left = this.#isComplete ? this.#link.seeOff(timeoutMs) : this.#link.dismiss(timeoutMs);
    this.complete();
  }
}
