/**
 * A successor from the hand-over until it serves alone: it has lock and sockets, and its predecessor still finishes its requests.
 * No further succession may start yet, and if the successor is stopped, its predecessor must stop too.
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

  /** Resolves when the arrival has ended in any way; undefined when it already has. */
  get pending(): Promise<void> | undefined {
    return this.#isComplete ? undefined : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves when a dismissed predecessor has exited; undefined when none was dismissed. */
  get predecessorLeft(): Promise<void> | undefined {
    return this.#left;
  }

  /** Milliseconds since our worker became active; 0 before. */
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
   * Called when this gateway is to stop. Before the hand-over the predecessor is the gateway and continues; afterwards it stops too.
   * One that has disconnected may still finish requests on a port that must be free when this process has exited.
   */
  dismissPredecessor(timeoutMs: number): void {
    if (this.#left !== undefined || !this.#link.hasHandedOver) return;
    this.#left = this.#isComplete ? this.#link.seeOff(timeoutMs) : this.#link.dismiss(timeoutMs);
    this.complete();
  }
}
