/** A conversation worker that is killed again and again, and always followed by a new one over the same home. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import type { MessageRequest } from '../../shared/api/messages.js';
import { tempDir } from './temp-dir.js';
import { buildWorkerFixture } from './worker-fixture.js';

interface Answer {
  readonly ready?: true;
  readonly key?: string;
  readonly messageId?: string;
}

interface WorkerRequest {
  readonly call: 'accept' | 'receive';
  readonly key: string;
  readonly message: MessageRequest;
}

export class KilledWorker {
  readonly home = tempDir();
  readonly #script = buildWorkerFixture('conversation-worker');
  readonly #documents: readonly string[];
  readonly #waiting = new Map<string, { request: WorkerRequest; resolve: (messageId: string) => void }>();
  #child: ChildProcess | undefined;
  #generation = 0;

  constructor(config: unknown, models: unknown = {}) {
    this.#documents = [JSON.stringify(config), JSON.stringify(models)];
    onTestFinished(() => void this.#child?.kill('SIGKILL'));
  }

  /** Starts the next worker and hands it what the one before did not acknowledge. */
  async start(): Promise<void> {
    this.#generation += 1;
    const args = [this.home, `wk_${this.#generation}`, ...this.#documents];
    const child = fork(this.#script, args, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.on('message', (answer: Answer) => {
        if (answer.ready === true) resolve();
        this.#take(answer);
      });
      child.once('exit', (code, signal) => reject(new Error(`the worker ended before it was ready: ${code ?? signal}`)));
    });
    for (const { request } of this.#waiting.values()) this.#hand(request);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    child?.send({ call: 'stop' });
    if (child !== undefined) await once(child, 'exit');
  }

  /** Hands in a message for a chat. @returns its id, once some worker has acknowledged it */
  accept(key: string, message: MessageRequest): Promise<string> {
    return this.#request({ call: 'accept', key, message });
  }

  /** Hands in a message from a chat. @returns its id, once some worker has acknowledged it */
  receive(key: string, message: MessageRequest): Promise<string> {
    return this.#request({ call: 'receive', key, message });
  }

  #request(request: WorkerRequest): Promise<string> {
    return new Promise((resolve) => {
      this.#waiting.set(request.key, { request, resolve });
      this.#hand(request);
    });
  }

  #hand(request: WorkerRequest): void {
    // One that has just been killed cannot take it; its successor gets it.
    this.#child?.send(request, () => undefined);
  }

  #take({ key = '', messageId }: Answer): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined || messageId === undefined) return;
    this.#waiting.delete(key);
    waiting.resolve(messageId);
  }
}
