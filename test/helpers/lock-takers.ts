/** Processes that take a lock when they are told to (test/fixtures/lock-taker.ts). */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ErrorDocument } from '../../shared/errors.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import { readIdentity } from '../../shared/node/process/process-identity.js';
import { exitOf, startFixture } from './fixture-process.js';

export type Answer =
  | { readonly type: 'ready' | 'released' }
  | { readonly type: 'frozen'; readonly round: number }
  | { readonly type: 'won'; readonly round: number; readonly pid: number }
  | { readonly type: 'lost'; readonly round: number; readonly pid: number; readonly error: ErrorDocument };

export class LockTaker {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(script: string): Promise<LockTaker> {
    const taker = new LockTaker(startFixture(script, []));
    await taker.#answer();
    return taker;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async take(order: { round?: number; path: string; mode?: 'hold' | 'freeze' }): Promise<Answer> {
    const answer = this.#answer();
    this.#child.send({ round: 0, ...order });
    return answer;
  }

  async release(): Promise<void> {
    const answer = this.#answer();
    this.#child.send('release');
    await answer;
  }

  /** SIGKILL, and its end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await exitOf(this.#child);
  }

  async #answer(): Promise<Answer> {
    const [message] = (await once(this.#child, 'message')) as [Answer];
    return message;
  }
}

/** A record of a gateway of this machine that is gone: its pid runs, but did not start when the record says. */
export function deadRecord(changes: Partial<LockRecord> = {}): LockRecord {
  return {
    ...readIdentity(),
    startTime: '1',
    createdAt: '2026-03-01T12:00:00.000Z',
    configPath: '/nowhere/config.json',
    instanceId: 'gw_dead',
    host: '127.0.0.1',
    port: 18_790,
    controlPath: '/nowhere/gateway.sock',
    version: '0.0.0',
    home: '/nowhere',
    dataDir: '/nowhere',
    children: [],
    ...changes,
  };
}
