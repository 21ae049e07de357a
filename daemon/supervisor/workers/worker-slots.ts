/** Tracks the role of each worker: at most one candidate, at most one active, any number retiring. */
import type { LockedChild } from '../../../shared/node/files/lock-record.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import type { WorkerProcess } from './worker-process.js';

type Slot = 'candidate' | 'active' | 'retiring' | 'none';

export class WorkerSlots {
  candidate: WorkerProcess | undefined;
  active: WorkerProcess | undefined;
  readonly retiring = new Set<WorkerProcess>();
  /** Retiring workers that have not yet stopped the work that only one worker may do. */
  readonly #quiescing = new Set<WorkerProcess>();

  slotOf(worker: WorkerProcess): Slot {
    if (worker === this.candidate) return 'candidate';
    if (worker === this.active) return 'active';
    return this.retiring.has(worker) ? 'retiring' : 'none';
  }

  /** Makes the candidate the active worker; the previous active worker, if any, retires. */
  promote(): WorkerProcess | undefined {
    const old = this.active;
    this.retireActive();
    this.active = this.candidate;
    this.candidate = undefined;
    return old;
  }

  /** Clears the active slot. */
  retireActive(): void {
    if (this.active !== undefined) {
      this.retiring.add(this.active);
      this.#quiescing.add(this.active);
    }
    this.active = undefined;
  }

  /** Called when a worker has quiesced or exited. @returns whether it was the last one that {@link isQuiescing} waited for */
  quiesced(worker: WorkerProcess): boolean {
    return this.#quiescing.delete(worker) && !this.isQuiescing;
  }

  remove(worker: WorkerProcess): void {
    if (worker === this.candidate) this.candidate = undefined;
    if (worker === this.active) this.active = undefined;
    this.retiring.delete(worker);
    this.#quiescing.delete(worker);
  }

  all(): WorkerProcess[] {
    return [this.candidate, this.active, ...this.retiring].filter((worker) => worker !== undefined);
  }

  /** True while an earlier worker may still be doing work that only one worker may do. */
  get isQuiescing(): boolean {
    return this.#quiescing.size > 0;
  }

  /** Whether any worker accepts connections. */
  get isAccepting(): boolean {
    return this.active !== undefined && (this.active.phase === 'active' || this.active.phase === 'listening');
  }

  /** Whether a worker accepts, or has been given the socket to do so. */
  get hasSocket(): boolean {
    return this.isAccepting || this.candidate?.listenSocket !== undefined;
  }

  /** Sends the instance ids of all workers to each worker. */
  announcePeers(): void {
    const liveInstanceIds = this.instanceIds();
    for (const worker of this.all()) worker.send({ type: 'peers', liveInstanceIds });
  }

  instanceIds(): string[] {
    return this.all().map((worker) => worker.instanceId);
  }

  /** Returns the processes, for the lock record, that a later start may have to end. */
  locked(): LockedChild[] {
    return this.all().flatMap((worker) => [
      { role: 'worker', pid: worker.pid, startTime: readStartTime(worker.pid) ?? null },
      ...worker.groups.locked(),
    ]);
  }
}
