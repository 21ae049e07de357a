/**
 * A thread that runs plain writes while the event loop serves requests: many messages that are accepted at once would
 * otherwise cost it more than their requests do (docs/adr/0018-writer-thread.md). It is started when there is much to write and
 * leaves when there has been little for a while; whatever keeps it from working, the caller writes by itself.
 */
import type { Worker } from 'node:worker_threads';
import type { PlainText, PlainValue } from './plain-write.js';
import { CLOSE, type WriterAnswer, type WriterBatch, type WriterData } from './writer-messages.js';

/** A plain write with the values of its parameters, in the order of `text.names`. */
export interface ThreadWrite {
  readonly text: PlainText<Readonly<Record<string, PlainValue>>>;
  readonly values: readonly PlainValue[];
}

/** Starts the thread: `daemon/worker/writer.ts` is its code. @throws when that cannot be had */
export type StartWriter = (data: WriterData) => Worker;

export interface WriterThreadOptions {
  readonly data: WriterData;
  readonly start: StartWriter;
  /** Is told why the thread has ended by itself, or could not begin. */
  readonly onFault: (error: unknown) => void;
}

/** Without anything to write. */
const IDLE_MS = 30_000;
/** After it could not be started, or has ended by itself. */
const RETRY_MS = 60_000;

/** An error as the driver throws it. */
function asDriverError({ message, rawCode }: { message: string; rawCode?: number }): Error {
  return Object.assign(new Error(message), rawCode === undefined ? {} : { rawCode });
}

export class WriterThread {
  readonly #options: WriterThreadOptions;
  #thread: Worker | undefined;
  #isReady = false;
  #isClosed = false;
  /** Not started again before, by `performance.now()`. */
  #notBeforeMs = 0;
  #kinds = new Map<PlainText<Readonly<Record<string, PlainValue>>>, number>();
  /** For each batch that was not answered, in order. */
  #settle: ((answer: WriterAnswer | undefined) => void)[] = [];
  #idle: NodeJS.Timeout | undefined;

  constructor(options: WriterThreadOptions) {
    this.#options = options;
  }

  /** Whether it takes a batch now. When it does not run yet, it is started. */
  wake(): boolean {
    if (this.#isReady || this.#isClosed) return this.#isReady;
    if (this.#thread === undefined && performance.now() >= this.#notBeforeMs) this.#begin();
    return false;
  }

  /**
   * Commits all writes in one transaction, which other batches may share. Beside it there must be no transaction elsewhere.
   * @returns whether it is on disk; false: the thread has ended, and the caller must write
   * @throws the driver's error, when SQLite refuses: nothing was kept
   */
  async commit(writes: readonly ThreadWrite[]): Promise<boolean> {
    const thread = this.#thread;
    if (!this.#isReady || thread === undefined) return false;
    clearTimeout(this.#idle);
    const answer = await new Promise<WriterAnswer | undefined>((resolve) => {
      this.#settle.push(resolve);
      thread.postMessage(JSON.stringify(this.#batch(writes)));
    });
    this.#rest();
    if (answer?.type === 'failed') throw asDriverError(answer);
    return answer !== undefined;
  }

  /** Nothing may be under way. Resolves when its connection is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    this.#leave();
    await ended;
  }

  #batch(writes: readonly ThreadWrite[]): WriterBatch {
    const kinds: PlainText<Readonly<Record<string, PlainValue>>>['statements'][] = [];
    const numbered = writes.map(({ text, values }) => {
      let kind = this.#kinds.get(text);
      if (kind === undefined) {
        kind = this.#kinds.size;
        this.#kinds.set(text, kind);
        kinds.push(text.statements);
      }
      return [kind, ...values] as const;
    });
    return { kinds, writes: numbered };
  }

  #begin(): void {
    const { data, start } = this.#options;
    try {
      const thread = start(data);
      this.#thread = thread;
      thread.unref();
      thread.on('message', (answer: WriterAnswer) => {
        if (answer.type === 'ready') this.#isReady = this.#thread === thread;
        else for (const settle of this.#settle.splice(0, answer.batches)) settle(answer);
      });
      let reason: unknown;
      thread.on('error', (error) => (reason = error));
      thread.on('exit', () => this.#ended(thread, reason));
    } catch (error) {
      this.#failed(error);
    }
  }

  #ended(thread: Worker, reason: unknown): void {
    if (this.#thread !== thread) return;
    this.#forget();
    this.#failed(reason);
    for (const settle of this.#settle.splice(0)) settle(undefined);
  }

  #failed(error: unknown): void {
    this.#notBeforeMs = performance.now() + RETRY_MS;
    this.#options.onFault(error);
  }

  /** Batches that shared an answer all come here: one of them sets the time. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#isReady && this.#settle.length === 0) this.#idle = setTimeout(() => this.#leave(), IDLE_MS).unref();
  }

  /** Lets it close its connection and end. Nothing may be under way. */
  #leave(): void {
    this.#thread?.postMessage(CLOSE);
    this.#forget();
  }

  #forget(): void {
    clearTimeout(this.#idle);
    this.#thread = undefined;
    this.#isReady = false;
    this.#kinds = new Map();
  }
}
