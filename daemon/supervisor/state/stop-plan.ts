/** A stop in progress: its deadline, purpose and callers, and the work it has interrupted. */
import { RESTART_ME_EXIT_CODE } from '../../../shared/exit-codes.js';
import type { CutWork, StopResult } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { Progress } from '../control/control-server.js';
import type { WorkerProcess } from '../workers/worker-process.js';

/** Drain time that remains after a second signal. */
export const HASTENED_MS = 250;

/**
 * Why this process ends: for good, to be started again by the service manager, or for a successor that serves.
 * `restore`: only the workers end, and this process continues with the restored state.
 */
export type StopPurpose = 'stop' | 'serviceRestart' | 'succession' | 'restore';

export interface StopOptions {
  readonly purpose: StopPurpose;
  readonly timeoutMs: number;
}

interface Waiter {
  readonly purpose: StopPurpose;
  readonly progress: Progress;
  resolve(result: StopResult): void;
  reject(error: GatewayError): void;
}

/** Does not say how many requests run: the count of the last heartbeat may be seconds old. */
const describeDrain = (limitMs: number): string =>
  limitMs === 0 ? 'the gateway does not wait for requests' : `requests have at most ${limitMs} ms to finish`;

export class StopPlan {
  readonly startedAtMs: number;
  #purpose: StopPurpose;
  #deadlineMs: number;
  readonly #cut = { requests: 0, streams: 0, sockets: 0 };
  readonly #waiters = new Set<Waiter>();

  constructor(options: StopOptions & { nowMs: number }) {
    this.#purpose = options.purpose;
    this.startedAtMs = options.nowMs;
    this.#deadlineMs = options.nowMs + options.timeoutMs;
  }

  get purpose(): StopPurpose {
    return this.#purpose;
  }

  /** The error of a restart that is requested meanwhile. */
  get refusal(): GatewayError {
    return this.#purpose === 'restore' ? inProgressError('a restore') : stoppingError();
  }

  get exitCode(): number {
    return this.#purpose === 'serviceRestart' ? RESTART_ME_EXIT_CODE : 0;
  }

  remainingMs(nowMs: number): number {
    return Math.max(0, this.#deadlineMs - nowMs);
  }

  /** Drains the workers within the remaining time. */
  drain(workers: readonly WorkerProcess[], nowMs: number): void {
    const timeoutMs = this.remainingMs(nowMs);
    // Rounded up, so that the message shows the configured time.
    const limitMs = Math.ceil(timeoutMs / 10) * 10;
    this.progress(describeDrain(limitMs));
    this.#tell(workers, timeoutMs);
  }

  /** Drains the workers again after the deadline was shortened. */
  hasten(workers: readonly WorkerProcess[], nowMs: number): void {
    const timeoutMs = this.remainingMs(nowMs);
    this.progress(`drain shortened: ${timeoutMs} ms are left`);
    this.#tell(workers, timeoutMs);
  }

  /**
   * Applies another stop request: it may shorten the deadline but not extend it, and a permanent stop overrides any other purpose.
   * @returns whether the workers have to be drained again
   */
  tighten({ purpose, timeoutMs, nowMs }: StopOptions & { nowMs: number }): boolean {
    const isNearer = nowMs + timeoutMs < this.#deadlineMs;
    const isForGood = purpose === 'stop' && this.#purpose !== 'stop';
    if (isNearer) this.#deadlineMs = nowMs + timeoutMs;
    if (isForGood) this.#purpose = 'stop';
    return isNearer || isForGood;
  }

  /** @throws STOPPING when a restart was requested but has become a permanent stop */
  join(purpose: StopPurpose, progress: Progress): Promise<StopResult> {
    return new Promise((resolve, reject) => this.#waiters.add({ purpose, progress, resolve, reject }));
  }

  progress(message: string): void {
    for (const waiter of this.#waiters) waiter.progress(message);
  }

  /** Counts the interrupted work of a worker that has exited; for a killed worker, its last known in-flight requests. */
  countCut(worker: WorkerProcess): void {
    const cut =
      worker.cut ?? (worker.killedFor === undefined ? undefined : { requests: worker.vitals?.inFlight ?? 0, streams: 0, sockets: 0 });
    if (cut === undefined) return;
    this.#cut.requests += cut.requests;
    this.#cut.streams += cut.streams;
    this.#cut.sockets += cut.sockets;
  }

  get cut(): CutWork {
    return { ...this.#cut };
  }

  complete(nowMs: number): void {
    const result: StopResult = { stopped: true, pid: process.pid, cut: this.cut, durationMs: nowMs - this.startedAtMs };
    for (const waiter of this.#waiters) {
      if ((waiter.purpose === 'serviceRestart' || waiter.purpose === 'restore') && this.#purpose === 'stop') waiter.reject(stoppingError());
      else waiter.resolve(result);
    }
  }

  #tell(workers: readonly WorkerProcess[], timeoutMs: number): void {
    for (const worker of workers) worker.drain(this.#purpose === 'stop' ? 'stop' : 'restart', timeoutMs);
  }
}

/** The error of a request that has to wait for something after which this gateway, or its successor, continues. */
export function inProgressError(what: string): GatewayError {
  return new GatewayError('CONFLICT', { message: `${what} is in progress`, hint: 'Try again when it has finished.' });
}

/** The error of a restart that is superseded by a stop. */
export function stoppingError(): GatewayError {
  return new GatewayError('STOPPING', { message: 'the gateway is stopping', hint: 'Start it again with: xopc gateway' });
}
