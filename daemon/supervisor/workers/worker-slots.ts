/** Which worker has which part: at most one candidate, at most one active, any number that retire. */
import type { LockedChild } from '../../../shared/node/files/lock-record.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import type { WorkerProcess } from './worker-process.js';

type Slot = 'candidate' | 'active' | 'retiring' | 'none';

export class WorkerSlots {
  candidate: WorkerProcess | undefined;
  active: WorkerProcess | undefined;
  readonly retiring = new Set<WorkerProcess>();
  /** Those retiring that may still do what only one worker may do. */
  readonly #quiescing = new Set<WorkerProcess>();

  slotOf(worker: WorkerProcess): Slot {
    if (worker === this.candidate) return 'candidate';
    if (worker === this.active) return 'active';
    return this.retiring.has(worker) ? 'retiring' : 'none';
  }

  /** The candidate takes the active place; the one that had it, if any, retires. */
  promote(): WorkerProcess | undefined {
    const old = this.active;
    this.retireActive();
    this.active = this.candidate;
    this.candidate = undefined;
    return old;
  }

  /** Leaves the active place empty. */
  retireActive(): void {
    if (this.active !== undefined) {
      this.retiring.add(this.active);
      this.#quiescing.add(this.active);
    }
    this.active = undefined;
  }

  /** A worker has quiesced or exited. @returns whether it was the last one that {@link isQuiescing} waited for */
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

  /** True while an earlier worker may still do what only one may do. */
  get isQuiescing(): boolean {
    return this.#quiescing.size > 0;
  }

  /** Whether any worker accepts connections. */
  get isAccepting(): boolean {
    return this.active !== undefined && (this.active.phase === 'active' || this.active.phase === 'listening');
  }

  /** Whether one accepts, or has been given the socket to do so. */
  get hasSocket(): boolean {
    return this.isAccepting || this.candidate?.listenSocket !== undefined;
  }

  /** Sends each worker the instance ids of all. */
  announcePeers(): void {
    const liveInstanceIds = this.instanceIds();
    for (const worker of this.all()) worker.send({ type: 'peers', liveInstanceIds });
  }

  instanceIds(): string[] {
    return this.all().map((worker) => worker.instanceId);
  }

  /** For the lock record: the processes that a later start may have to end. */
  locked(): LockedChild[] {
    return this.all().flatMap((worker) => [
      { role: 'worker', pid: worker.pid, startTime: readStartTime(worker.pid) ?? null },
      ...worker.groups.locked(),
    ]);
  }
}
