/**
 * Has the whole database read once a day, so that damage is found while the backups still hold what it has taken.
 * A process of its own reads it: the worker serves meanwhile, and nothing of its memory is spent.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Clock } from '../../../shared/clock.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { writeFileAtomic } from '../../../shared/node/files/atomic-file.js';
import { programArguments } from '../../../shared/node/build/bundle.js';
import type { Store } from '../store/store.js';

export interface IntegrityReport {
  /** What is wrong; null for a sound file. */
  readonly damage: string | null;
}

/** Reads a whole database. @throws when it could not be read to its end for another reason than damage */
export type CheckDatabase = (path: string, signal: AbortSignal) => Promise<IntegrityReport>;

export interface IntegrityCheckOptions {
  readonly store: Store;
  readonly path: string;
  readonly clock: Clock;
  readonly logger: LogPort;
  isSoleWorker(): boolean;
  readonly check: CheckDatabase;
}

/** A start has better things to do, and a worker that dies at once need not read everything each time. */
const FIRST_LOOK_MS = 15_000;
const LOOK_EVERY_MS = 60 * 60 * 1_000;
const CHECK_EVERY_MS = 24 * 60 * 60 * 1_000;
/** A terabyte would take longer; then the next day's check is no better. */
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

  /** Ends a check that is under way; it is made later. */
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
      if (!this.#stop.signal.aborted) logger.warn({ path, err: error }, 'the database could not be checked; it is tried again in an hour');
    }
  }

  get #markPath(): string {
    return `${this.#options.path}.checked`;
  }

  /** Another file in its place has not been checked, and a mark from the future is that of a clock that was wrong. */
  #isDue(identity: string): boolean {
    try {
      const { checkedAtMs, file } = JSON.parse(readFileSync(this.#markPath, 'utf8')) as { checkedAtMs: number; file: string };
      const agoMs = this.#options.clock.now() - checkedAtMs;
      return file !== identity || !(agoMs >= 0 && agoMs < CHECK_EVERY_MS);
    } catch {
      // No mark, or none that can be read: the check that follows writes it anew.
      return true;
    }
  }
}

/** Runs the role `@database`. It is in this worker's process group, and so ends with it at the latest. */
export const checkInProcess: CheckDatabase = async (path, signal) => {
  const { stdout } = await promisify(execFile)(process.execPath, programArguments('@database', path), {
    signal,
    timeout: TIME_LIMIT_MS,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  return JSON.parse(stdout) as IntegrityReport;
};
