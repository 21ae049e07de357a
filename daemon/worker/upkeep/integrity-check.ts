/**
 * Checks the whole database once a day, so that damage is found while backups still have the lost data. A separate process does the
 * check, so that the worker keeps serving and its memory does not grow.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import { programArguments } from '../../../shared/node/build/bundle.js';
import { nodeProgram } from '../../../shared/node/build/node-program.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface IntegrityReport {
  /** Description of the damage; null for a sound file. */
  readonly damage: string | null;
}

/** Reads a whole database. @throws when it cannot be read for another reason than damage */
export type CheckDatabase = (path: string, signal: AbortSignal) => Promise<IntegrityReport>;

export interface IntegrityCheckOptions extends Deps<'store' | 'clock' | 'logger'> {
  readonly path: string;
  isSoleWorker(): boolean;
  readonly check: CheckDatabase;
}

/** No check right after a start: the first minute is for waiting clients, and a worker that dies early would check each time. */
const FIRST_LOOK_MS = 60_000;
const LOOK_EVERY_MS = 60 * 60 * 1_000;
const CHECK_EVERY_MS = 24 * 60 * 60 * 1_000;
/** Limit of one check. */
const TIME_LIMIT_MS = 60 * 60 * 1_000;

export class IntegrityCheck {
  readonly #options: IntegrityCheckOptions;
  readonly #stop = new AbortController();
  #cancel: (() => void) | undefined;
  #look: Promise<void> | undefined;

  constructor(options: IntegrityCheckOptions) {
    this.#options = options;
  }

  start(): void {
    this.#arm(FIRST_LOOK_MS);
  }

  /** Aborts the current check, which is repeated later. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancel?.();
    await this.#look;
  }

  #arm(delayMs: number): void {
    if (this.#stop.signal.aborted) return;
    this.#cancel = this.#options.clock.after(delayMs, () => {
      this.#look = this.#lookNow().finally(() => this.#arm(LOOK_EVERY_MS));
    });
  }

  async #lookNow(): Promise<void> {
    const { path, clock, logger, store, check } = this.#options;
    const identity = store.identity();
    if (identity === undefined || !this.#options.isSoleWorker() || !this.#isDue(identity)) return;
    try {
      const { damage } = await check(path, this.#stop.signal);
      if (this.#stop.signal.aborted || store.identity() !== identity) return;
      if (damage !== null) await store.setAsideDamaged(damage);
      await writeFileAtomic(this.#markPath, `${JSON.stringify({ checkedAtMs: clock.now(), file: store.identity() })}\n`);
    } catch (error) {
      if (!this.#stop.signal.aborted) logger.warn({ path, err: error }, 'failed to check the database; retrying in an hour');
    }
  }

  get #markPath(): string {
    return `${this.#options.path}.checked`;
  }

  /** A replaced file has not been checked. A mark from the future was written with a wrong clock. */
  #isDue(identity: string): boolean {
    try {
      const { checkedAtMs, file } = JSON.parse(readFileSync(this.#markPath, 'utf8')) as { checkedAtMs: number; file: string };
      const agoMs = this.#options.clock.now() - checkedAtMs;
      return file !== identity || !(agoMs >= 0 && agoMs < CHECK_EVERY_MS);
    } catch {
      // A missing or unreadable mark: the next check writes it.
      return true;
    }
  }
}

/** Runs the role `@database` in this worker's process group, so that it ends with the worker. */
export const checkInProcess: CheckDatabase = async (path, signal) => {
  const { stdout } = await promisify(execFile)(nodeProgram(), programArguments('@database', path), {
    signal,
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  return JSON.parse(stdout) as IntegrityReport;
};
