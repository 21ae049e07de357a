/** Reads what a test's log holds, and follows it. */
import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { followFile, type FollowEvent, type FollowOptions } from '../../shared/node/log/follow-file.js';

/** All entries of one log file. Throws where a line is not JSON. */
export function readEntries(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A follower in the background: what it has seen so far, and a way to wait until it has seen enough. */
export class Following {
  readonly lines: string[] = [];
  readonly notices: FollowEvent['type'][] = [];
  readonly done: Promise<void>;
  readonly #abort = new AbortController();
  #check: (() => void) | undefined;

  constructor(path: string, from: FollowOptions['from'] = 'start') {
    this.done = this.#run(path, from);
    onTestFinished(() => this.stop());
  }

  /** Waits until that many lines have come; the test's own time limit ends a wait in vain. */
  async until(count: number): Promise<void> {
    await this.untilTrue(() => this.lines.length >= count);
  }

  async untilTrue(condition: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#check = () => {
        if (condition()) resolve();
      };
      this.#check();
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.done;
  }

  async #run(path: string, from: FollowOptions['from']): Promise<void> {
    for await (const event of followFile(path, { from, signal: this.#abort.signal })) {
      if (event.type === 'lines') this.lines.push(...event.lines);
      else this.notices.push(event.type);
      this.#check?.();
    }
  }
}
