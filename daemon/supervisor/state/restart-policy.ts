/**
 * Decides when to try again after a worker's death: at once, later with growing jittered delays, or only at the maximum delay.
 * Modelled on suture's supervisor: a decaying failure score, a threshold and jitter. Pure apart from the injected random function.
 */
import type { Verdict } from './state.js';

export interface Death {
  /** Whether the worker had served before it died. */
  readonly hadServed: boolean;
  /** Time from its activation to its death; 0 when it never served. */
  readonly healthyMs: number;
  /** Killed from outside (by an operator or the kernel's OOM killer), not the worker's own fault. */
  readonly killedFromOutside: boolean;
  /** No process could be started: this says nothing about the worker, and another attempt costs little. */
  readonly failedToSpawn: boolean;
  /** The worker said "do not respawn" (exit code 125). */
  readonly permanent: boolean;
}

interface Decision {
  readonly verdict: Verdict;
  readonly delayMs: number;
}

export const FIRST_DELAY_MS = 100;
export const MAX_DELAY_MS = 30_000;
/** The longest delay while no process can be started: descriptors or memory may be free again at any moment. */
export const MAX_SPAWN_DELAY_MS = 2_000;
/** Healthy time after which earlier deaths are forgotten. */
export const FORGIVE_AFTER_MS = 60_000;
/** Score from which the gateway is `failed`: five quick deaths. */
export const FAILED_SCORE = 5;
/**
 * A worker that served and was killed from outside respawns at once; only a long series of kills (125 without a healthy minute)
 * reaches the threshold.
 */
const OUTSIDE_KILL_SCORE = 0.04;
const EXIT_SCORE = 1;

export class RestartPolicy {
  #score = 0;
  #quickDeaths = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * Records a death and decides when to try again. Delays are 50–100 % of their nominal value, so that several gateways do not
   * retry in step.
   */
  recordDeath(death: Death): Decision {
    if (death.healthyMs >= FORGIVE_AFTER_MS) this.forgive();
    const isInnocent = death.hadServed && death.killedFromOutside;
    this.#score += isInnocent ? OUTSIDE_KILL_SCORE : EXIT_SCORE;
    if (!isInnocent) this.#quickDeaths += 1;
    const maxDelayMs = death.failedToSpawn ? MAX_SPAWN_DELAY_MS : MAX_DELAY_MS;
    if (death.permanent || this.#score >= FAILED_SCORE) return { verdict: 'failed', delayMs: this.#jitter(maxDelayMs) };
    if (isInnocent || this.#quickDeaths === 1) return { verdict: 'now', delayMs: 0 };
    return { verdict: 'later', delayMs: this.#jitter(Math.min(maxDelayMs, FIRST_DELAY_MS * 2 ** (this.#quickDeaths - 2))) };
  }

  /** Forgets earlier deaths after a restart or a configuration change. */
  forgive(): void {
    this.#score = 0;
    this.#quickDeaths = 0;
  }

  #jitter(delayMs: number): number {
    return Math.round(delayMs * (0.5 + this.#random() / 2));
  }
}
