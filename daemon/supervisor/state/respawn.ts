/** Combines the restart policy with its timer, and keeps the last reason why no worker serves. */
import type { Clock } from '../../../shared/clock.js';
import type { ExitRecord } from '../../../shared/api/gateway/status.js';
import { fromErrorDocument, GatewayError } from '../../../shared/errors.js';
import { PERMANENT_EXIT_CODE } from '../../../shared/exit-codes.js';
import { sayOfGateway } from '../../../shared/text/sentences/gateway.js';
import type { RestartPolicy } from './restart-policy.js';
import type { Verdict } from './state.js';
import type { WorkerProcess } from '../workers/worker-process.js';

export class Respawn {
  lastExit: ExitRecord | null = null;
  nextAttemptAtMs: number | undefined;
  /** Why the last worker could not serve; cleared once one does. */
  failure: GatewayError | undefined;
  crashes = 0;
  readonly #policy: RestartPolicy;
  readonly #clock: Clock;
  #delayMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: { policy: RestartPolicy; clock: Clock }) {
    this.#policy = options.policy;
    this.#clock = options.clock;
  }

  /** Records a death after which no worker serves. */
  recordDeath(worker: WorkerProcess, record: ExitRecord): Verdict {
    const healthyMs = worker.activeSinceMs === undefined ? 0 : this.#clock.now() - worker.activeSinceMs;
    const { verdict, delayMs } = this.#policy.recordDeath({
      hadServed: worker.activeSinceMs !== undefined,
      healthyMs,
      killedFromOutside: worker.killedFor === undefined && (record.signal === 'SIGKILL' || record.signal === 'SIGTERM'),
      failedToSpawn: record.pid <= 0,
      permanent: record.code === PERMANENT_EXIT_CODE,
    });
    this.#delayMs = delayMs;
    return verdict;
  }

  /** Records the death of the worker that served. */
  recordCrash(worker: WorkerProcess, record: ExitRecord): Verdict {
    this.crashes += 1;
    this.failure = failureOf(worker, record);
    return this.recordDeath(worker, record);
  }

  schedule(onDue: () => void): number {
    this.nextAttemptAtMs = this.#clock.now() + this.#delayMs;
    this.#cancel = this.#clock.after(this.#delayMs, () => {
      this.cancel();
      onDue();
    });
    return this.#delayMs;
  }

  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.nextAttemptAtMs = undefined;
  }

  /** Replaces the record of the last exit with its complete form: the process's last output may arrive after its exit. */
  completeRecord(worker: WorkerProcess, record: ExitRecord): void {
    if (this.lastExit?.pid !== record.pid || this.lastExit.at !== record.at) return;
    this.lastExit = record;
    if (this.failure !== undefined) this.failure = failureOf(worker, record);
  }

  forgive(): void {
    this.#policy.forgive();
  }

  /** One sentence for status, log and the fallback. */
  get reason(): string {
    return this.failure?.message ?? this.lastExit?.reason ?? sayOfGateway('worker-starting');
  }

  get lastExitAt(): string | null {
    return this.lastExit?.at ?? null;
  }

  get retryAfterSeconds(): number {
    const waitMs = (this.nextAttemptAtMs ?? 0) - this.#clock.now();
    return Math.max(1, Math.ceil(waitMs / 1000));
  }
}

/** Returns why a worker could not serve: its own reason if it gave one. */
export function failureOf(worker: WorkerProcess, record: ExitRecord): GatewayError {
  if (worker.refusal === undefined) {
    return new GatewayError('WORKER_NOT_READY', {
      message: sayOfGateway(record.pid > 0 ? 'worker-exit' : 'worker-unspawned', { pid: record.pid, exit: record.reason }),
      details: { reason: record.reason, output: record.output },
      hint: 'Show its last output with: xopc gateway logs',
    });
  }
  const error = fromErrorDocument(worker.refusal.error);
  if (worker.refusal.problems.length === 0) return error;
  const details = { ...error.details, problems: worker.refusal.problems };
  return new GatewayError(error.code, { message: error.message, details, ...(error.hint === undefined ? {} : { hint: error.hint }) });
}
