/** A stop in progress: its deadline, how it ends, who waits, and what it had to cut. */
import type { CutWork, StopResult } from '../../../shared/control/messages.js';
import { GatewayError } from '../../../shared/errors.js';
import type { Progress } from '../control/control-server.js';
import type { WorkerProcess } from '../workers/worker-process.js';

/** What is left for the workers after a second signal. */
export const HASTENED_MS = 250;
/** A supervised supervisor leaves with this to be started again (EX_TEMPFAIL; the units written by `install` agree). */
export const RESTART_ME_EXIT_CODE = 75;

/**
 * Why this process is to end: for good, to be started again by the service manager, or for a successor that serves.
 * `restore`: only the workers are to end, and this process goes on with another state.
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

  get exitCode(): number {
    return this.#purpose === 'serviceRestart' ? RESTART_ME_EXIT_CODE : 0;
  }

  remainingMs(nowMs: number): number {
    return Math.max(0, this.#deadlineMs - nowMs);
  }

  /** Tells the workers to finish within what is left. */
  drain(workers: readonly WorkerProcess[], nowMs: number): void {
    const timeoutMs = this.remainingMs(nowMs);
    const inFlight = workers.reduce((sum, worker) => sum + (worker.vitals?.inFlight ?? 0), 0);
    // The millisecond that has gone by since the stop was asked for is nobody's concern.
    const limitMs = Math.ceil(timeoutMs / 10) * 10;
    this.progress('draining', `finishing ${inFlight} running ${inFlight === 1 ? 'request' : 'requests'}, at most ${limitMs} ms`);
    this.#tell(workers, timeoutMs);
  }

  /** The deadline has come nearer: tells the workers again. */
  hasten(workers: readonly WorkerProcess[], nowMs: number): void {
    const timeoutMs = this.remainingMs(nowMs);
    this.progress('draining', `cut short: ${timeoutMs} ms are left`);
    this.#tell(workers, timeoutMs);
  }

  /**
   * A further request: brings the deadline nearer, never further, and a stop for good wins over any other purpose.
   * @returns whether the workers have to hear of it
   */
  tighten({ purpose, timeoutMs, nowMs }: StopOptions & { nowMs: number }): boolean {
    const isNearer = nowMs + timeoutMs < this.#deadlineMs;
    const isForGood = purpose === 'stop' && this.#purpose !== 'stop';
    if (isNearer) this.#deadlineMs = nowMs + timeoutMs;
    if (isForGood) this.#purpose = 'stop';
    return isNearer || isForGood;
  }

  /** @throws STOPPING when a restart was wanted and it became a stop for good */
  join(purpose: StopPurpose, progress: Progress): Promise<StopResult> {
    return new Promise((resolve, reject) => this.#waiters.add({ purpose, progress, resolve, reject }));
  }

  progress(phase: string, message: string): void {
    for (const waiter of this.#waiters) waiter.progress(phase, message);
  }

  /** A worker is gone; one that was killed could not say what it cut, so its last known in-flight requests count. */
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

/** What a restart is told that a stop has overtaken. */
export function stoppingError(): GatewayError {
  return new GatewayError('STOPPING', { message: 'the gateway is stopping', hint: 'Start it again with: xopc gateway' });
}
