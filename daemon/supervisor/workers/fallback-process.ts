/**
 * Starts the fallback process when no worker has accepted for 2 s: it accepts on the same handle and answers 503 with the reason
 * until a worker listens again.
 */
import type { Clock } from '../../../shared/clock.js';
import type { FallbackBoot, FallbackMessage } from '../../../shared/ipc/messages.js';
import type { LockedChild } from '../../../shared/node/files/lock-record.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import type { Child, SpawnChild } from './child-process.js';

export const FALLBACK_AFTER_MS = 2_000;
/** The fallback finishes its answers within 1 s (daemon/fallback/main.ts) and exits; after this time it is killed. */
export const FALLBACK_DRAIN_MS = 1_500;

interface FallbackDeps {
  readonly clock: Clock;
  readonly resources: { readonly openSocket: { readonly handle: object } | undefined };
  /** Why no worker serves. */
  readonly respawn: Omit<FallbackBoot, 'supervisorPid'>;
  readonly spawn: SpawnChild;
  /** Called when the process has started or exited. */
  onChange(): void;
}

/** `starting`: it has no socket yet; also the state before it is started. `closed`: it no longer accepts and finishes its answers. */
type Phase = 'starting' | 'accepting' | 'closing' | 'closed';

export class FallbackKeeper {
  readonly #deps: FallbackDeps;
  #isNeeded = false;
  #child: Child | undefined;
  #phase: Phase = 'starting';
  #cancelTimer: (() => void) | undefined;
  /** Cancels the kill; set while it drains. */
  #cancelKill: (() => void) | undefined;
  #whenClosed: (() => unknown)[] = [];

  constructor(deps: FallbackDeps) {
    this.#deps = deps;
  }

  /** Whether it accepts. */
  get isRunning(): boolean {
    return this.#phase === 'accepting';
  }

  locked(): LockedChild[] {
    const pid = this.#child?.pid;
    return pid === undefined ? [] : [{ role: 'fallback', pid, startTime: readStartTime(pid) ?? null }];
  }

  /** Called after every transition. `isNeeded`: no worker accepts or has been told to accept, and none is being stopped for good. */
  update(isNeeded: boolean): void {
    if (!isNeeded) return this.stop();
    this.#isNeeded = true;
    if (this.#phase === 'closing' || this.#phase === 'closed') return; // the next one starts when this one has exited
    if (this.#child !== undefined) return this.#child.send({ type: 'reason', ...this.#boot() });
    this.#cancelTimer ??= this.#deps.clock.after(FALLBACK_AFTER_MS, () => this.#start());
  }

  /** @param whenClosed  called once it no longer accepts; at once if it does not accept now */
  stop(whenClosed?: () => unknown): void {
    this.#isNeeded = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (whenClosed !== undefined) this.#whenClosed.push(whenClosed);
    const child = this.#child;
    if (this.#phase === 'accepting' && child !== undefined) {
      this.#phase = 'closing';
      this.#cancelKill = this.#deps.clock.after(FALLBACK_DRAIN_MS, () => child.kill());
      return child.send({ type: 'drain' });
    }
    if (this.#phase === 'closing') return;
    if (this.#phase === 'starting') child?.kill();
    if (child !== undefined) this.#phase = 'closed';
    this.#closed();
  }

  /** Kills the fallback, because the supervisor exits and cannot wait for it. */
  end(): void {
    this.stop();
    this.#child?.kill();
  }

  #boot(): FallbackBoot {
    const { reason, retryAfterSeconds, lastExitAt } = this.#deps.respawn;
    return { supervisorPid: process.pid, reason, retryAfterSeconds, lastExitAt };
  }

  #start(): void {
    this.#cancelTimer = undefined;
    if (this.#deps.resources.openSocket === undefined) return;
    this.#phase = 'starting';
    this.#child = this.#deps.spawn(
      { role: 'fallback', boot: this.#boot(), output: 'ignore' },
      { onMessage: (message) => this.#received((message as FallbackMessage).type), onExit: () => this.#exited() },
    );
    this.#deps.onChange();
  }

  #received(type: FallbackMessage['type']): void {
    const handle = this.#deps.resources.openSocket?.handle;
    if (type === 'ready' && this.#phase === 'starting' && handle !== undefined) {
      this.#phase = 'accepting';
      this.#child?.send({ type: 'listen' }, handle);
      this.#deps.onChange();
    } else if (type === 'closed' && this.#phase === 'closing') {
      this.#phase = 'closed';
      this.#closed();
    }
  }

  #exited(): void {
    const wasLeaving = this.#phase === 'closing' || this.#phase === 'closed';
    this.#child = undefined;
    this.#phase = 'starting';
    this.#cancelKill?.();
    this.#cancelKill = undefined;
    this.#closed();
    this.#deps.onChange();
    if (!this.#isNeeded) return;
    // It was needed again while it exited: no further delay.
    if (wasLeaving) this.#start();
    else this.update(true);
  }

  #closed(): void {
    for (const call of this.#whenClosed.splice(0)) call();
  }
}
