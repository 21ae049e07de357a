/**
 * Records when the gateway was up, crashed and restarted, in a file that outlives the supervisor. If the disk fails, only these
 * statistics are lost.
 */
import { appendFileSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../../shared/clock.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import { type LifeEntry, type LifeEvent, type LifeSummary, pruneLife, summarizeLife } from './life-summary.js';

/** A crash loop may write often; above this size, entries older than a day are removed. */
const PRUNE_FROM = 1_000;

/** Counters since the supervisor's start. */
export interface LifeCounts {
  readonly isAccepting: boolean;
  readonly crashes: number;
  readonly restarts: number;
}

export interface LifeLogOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn'>;
  readonly isSuccessor: boolean;
}

function parseLine(line: string): LifeEntry[] {
  try {
    const entry = JSON.parse(line) as LifeEntry;
    return typeof entry.type === 'string' && Number.isFinite(entry.atMs) ? [entry] : [];
  } catch {
    return []; // a line that a crash cut short
  }
}

export class LifeLog {
  readonly #options: LifeLogOptions;
  #known: LifeEntry[] | undefined;
  #hasStarted = false;
  #counts: LifeCounts = { isAccepting: false, crashes: 0, restarts: 0 };

  constructor(options: LifeLogOptions) {
    this.#options = options;
  }

  /** Records what has changed since the last call. */
  update(counts: LifeCounts): void {
    const before = this.#counts;
    this.#counts = counts;
    if (counts.crashes > before.crashes) this.note('crash');
    if (counts.isAccepting !== before.isAccepting) this.note(counts.isAccepting ? 'up' : 'down');
    if (counts.restarts > before.restarts) this.note('restart');
  }

  /** A supervisor that never served does not count. */
  note(event: LifeEvent): void {
    if (!this.#hasStarted && event !== 'up') return;
    const isFirst = !this.#hasStarted;
    this.#hasStarted = true;
    const { path, clock, isSuccessor } = this.#options;
    const entries = this.#entries;
    const start = { type: 'start', isSuccessor, seenAtMs: this.#lastSeenMs() } as const;
    const entry: LifeEntry = { atMs: clock.now(), pid: process.pid, ...(isFirst ? start : { type: event }) };
    entries.push(entry);
    const kept = entries.length % PRUNE_FROM === 0 || isFirst ? pruneLife(entries, entry.atMs) : entries;
    this.#attempt(() => {
      // The previous line may be cut short.
      if (kept.length === entries.length) appendFileSync(path, `${isFirst ? '\n' : ''}${JSON.stringify(entry)}\n`, { mode: 0o600 });
      else this.#replace(kept);
    });
    this.#known = [...kept];
  }

  /** A kill leaves either the old file or the new one. */
  #replace(entries: readonly LifeEntry[]): void {
    const { path } = this.#options;
    writeFileSync(`${path}.new`, entries.map((one) => `${JSON.stringify(one)}\n`).join(''), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Records that the supervisor is alive. A later supervisor that finds no stop entry takes this time as the end. */
  seen(): void {
    const seconds = this.#options.clock.now() / 1_000;
    if (this.#hasStarted) this.#attempt(() => utimesSync(this.#options.path, seconds, seconds));
  }

  summary(): LifeSummary {
    return summarizeLife(this.#entries, this.#options.clock.now());
  }

  /** Loaded on first use, because a successor is not queried before it has taken over. */
  get #entries(): LifeEntry[] {
    return (this.#known ??= this.#read());
  }

  #read(): LifeEntry[] {
    let text = '';
    try {
      text = readFileSync(this.#options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#warn(error);
    }
    return text.split('\n').flatMap(parseLine);
  }

  #lastSeenMs(): number {
    return this.#attempt(() => statSync(this.#options.path, { throwIfNoEntry: false })?.mtimeMs) ?? 0;
  }

  #attempt<T>(access: () => T): T | undefined {
    try {
      return access();
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  #warn(error: unknown): void {
    this.#options.log.warn({ err: error, path: this.#options.path }, 'failed to record restarts and crashes');
  }
}
