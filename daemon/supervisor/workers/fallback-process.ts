/**
 * Starts the fallback process when no worker has accepted for 2 s: it accepts on the same handle and answers 503 with the reason
 * until a worker listens again.
 */
import type { Clock } from '../../../shared/clock.js';
import type { FallbackBoot } from '../../../shared/ipc/messages.js';
import type { LockedChild } from '../../../shared/node/files/lock-record.js';
import { readStartTime } from '../../../shared/node/process/process-identity.js';
import type { Child, SpawnChild } from './child-process.js';

export const FALLBACK_AFTER_MS = 2_000;
/** It finishes its answers within 1 s (daemon/fallback/main.ts) and exits; after this it is killed. */
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

export class FallbackKeeper {
  readonly #deps: FallbackDeps;
  #isNeeded = false;
  #child: Child | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Cancels the kill; set while it drains. */
  #cancelKill: (() => void) | undefined;

  constructor(deps: FallbackDeps) {
    this.#deps = deps;
  }

  /** Whether it accepts. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#cancelKill === undefined;
  }

  locked(): LockedChild[] {
    const pid = this.#child?.pid;
    return pid === undefined ? [] : [{ role: 'fallback', pid, startTime: readStartTime(pid) ?? null }];
  }

  /** Called after every transition. `isNeeded`: no worker accepts, and none is being stopped for good. */
  update(isNeeded: boolean): void {
    if (!isNeeded) return this.stop();
    this.#isNeeded = true;
    if (this.isRunning) return this.#child?.send({ type: 'reason', ...this.#boot() });
    if (this.#child !== undefined) return; // the next one starts when this one has left
    this.#cancelTimer ??= this.#deps.clock.after(FALLBACK_AFTER_MS, () => this.#start());
  }

  stop(): void {
    this.#isNeeded = false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const child = this.#child;
    if (child === undefined || this.#cancelKill !== undefined) return;
    this.#cancelKill = this.#deps.clock.after(FALLBACK_DRAIN_MS, () => child.kill());
    child.send({ type: 'drain' });
  }

  /** Kills it: the supervisor exits and cannot wait for it. */
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
    const handle = this.#deps.resources.openSocket?.handle;
    if (handle === undefined) return;
    const child = this.#deps.spawn(
      { role: 'fallback', boot: this.#boot(), output: 'ignore' },
      {
        onMessage: () => undefined,
        onExit: () => {
          this.#child = undefined;
          const wasDraining = this.#cancelKill !== undefined;
          this.#cancelKill?.();
          this.#cancelKill = undefined;
          this.#deps.onChange();
          if (!this.#isNeeded) return;
          // It was needed again while it exited: no further delay.
          if (wasDraining) this.#start();
          else this.update(true);
        },
      },
    );
    this.#child = child;
    child.send({ type: 'listen' }, handle);
    this.#deps.onChange();
  }
}
