/** A configuration directory under watch, and what the watch has said about it. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { ConfigWatch, hashFiles, LOOK_MS } from '../../daemon/supervisor/config/config-watch.js';
import { type Clock, systemClock } from '../../shared/clock.js';
import { tempDir } from './temp-dir.js';

/** Without the regular looks: what is seen then was an event. */
export const eventsOnly: Clock = {
  now: () => systemClock.now(),
  after: (delayMs, callback) => (delayMs === LOOK_MS ? () => undefined : systemClock.after(delayMs, callback)),
};

/** A clock whose regular look comes when the test says so, and at no other time. */
export class LookOnDemand implements Clock {
  #look: (() => void) | undefined;

  now(): number {
    return systemClock.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    if (delayMs !== LOOK_MS) return systemClock.after(delayMs, callback);
    this.#look = callback;
    return () => (this.#look = undefined);
  }

  look(): void {
    this.#look?.();
  }
}

export class Watched {
  readonly directory: string;
  readonly config: string;
  readonly models: string;
  readonly watch: ConfigWatch;
  readonly changes: string[] = [];
  readonly errors: unknown[] = [];
  #onChange: (() => void) | undefined;

  constructor(clock: Clock) {
    this.directory = join(tempDir(), 'home');
    mkdirSync(this.directory);
    this.config = join(this.directory, 'config.json');
    this.models = join(this.directory, 'models.json');
    writeFileSync(this.config, '{}');
    this.watch = new ConfigWatch({
      paths: [this.config, this.models],
      clock,
      onChange: (hash) => {
        this.changes.push(hash);
        this.#onChange?.();
      },
      onError: (error) => this.errors.push(error),
    });
  }

  /** Watches from now on: a first change, seen, proves that the watcher is there. */
  static async started(clock: Clock = eventsOnly): Promise<Watched> {
    const watched = new Watched(clock);
    onTestFinished(() => watched.watch.close());
    watched.watch.start();
    await watched.untilSeen(() => appendFileSync(watched.config, ' '));
    watched.changes.length = 0;
    return watched;
  }

  /** Changes something until a change is reported: chokidar does not say when a path is watched for certain. */
  async untilSeen(change: () => void): Promise<void> {
    const seen = this.nextChange();
    const timer = setInterval(change, 200);
    change();
    await seen;
    clearInterval(timer);
    await this.quiet();
  }

  nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#onChange = resolve;
    });
  }

  /** Waits until what has been written is certain to have been looked at: longer than a storm takes to settle. */
  async quiet(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }

  expectSeen(content: string): void {
    expect(this.errors).toEqual([]);
    expect(readFileSync(this.config, 'utf8')).toBe(content);
    expect(this.changes.at(-1)).toBe(hashFiles([this.config, this.models]));
  }
}
