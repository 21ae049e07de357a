/** Which worker has which part: at most one candidate and one active, and those that retire. */
import type { LockedChild } from '../../../shared/node/files/lock-record.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import type { WorkerProcess } from './worker-process.js';

export type Slot = 'candidate' | 'active' | 'retiring' | 'none';

export class WorkerSlots {
  candidate: WorkerProcess | undefined;
  active: WorkerProcess | undefined;
  readonly retiring = new Set<WorkerProcess>();

  slotOf(worker: WorkerProcess): Slot {
    if (worker === this.candidate) return 'candidate';
    if (worker === this.active) return 'active';
    return this.retiring.has(worker) ? 'retiring' : 'none';
  }

  /** The candidate takes the active place; the one that had it, if any, retires. */
  promote(): WorkerProcess | undefined {
    const old = this.active;
    if (old !== undefined) this.retiring.add(old);
    this.active = this.candidate;
    this.candidate = undefined;
    return old;
  }

  /** For a stop: nobody is active any more. */
  retireActive(): void {
    if (this.active !== undefined) this.retiring.add(this.active);
    this.active = undefined;
  }

  remove(worker: WorkerProcess): void {
    if (worker === this.candidate) this.candidate = undefined;
    if (worker === this.active) this.active = undefined;
    this.retiring.delete(worker);
  }

  all(): WorkerProcess[] {
    return [this.candidate, this.active, ...this.retiring].filter((worker) => worker !== undefined);
  }

  /** True while an earlier worker may still do what only one may do. */
  get isQuiescing(): boolean {
    return [...this.retiring].some((worker) => !worker.hasQuiesced);
  }

  /** Whether any worker accepts connections. */
  get isAccepting(): boolean {
    return this.active !== undefined && (this.active.phase === 'active' || this.active.phase === 'listening');
  }

  /** Tells each worker who lives. */
  tellPeers(): void {
    const liveInstanceIds = this.instanceIds();
    for (const worker of this.all()) worker.send({ type: 'peers', liveInstanceIds });
  }

  instanceIds(): string[] {
    return this.all().map((worker) => worker.instanceId);
  }

  /** For the lock: what a later start may have to end. */
  locked(): LockedChild[] {
    return this.all().map((worker) => ({ role: 'worker', pid: worker.pid, startTime: readStartTime(worker.pid) ?? null }));
  }
}
