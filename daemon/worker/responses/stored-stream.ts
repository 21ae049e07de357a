/**
 * The stream of a background response, stored piece by piece; readers see only stored events. Text that arrives within a quarter of
 * a second becomes one event.
 */
import type { ResponseDocument } from '../../../shared/api/responses/document.js';
import type { ResponseEvent } from '../../../shared/api/responses/events.js';
import { pause } from '../../../shared/clock.js';
import { createSerial } from '../../../shared/serial.js';
import type { CompletionOutput } from '../models/completion-call.js';
import { appendEvents } from '../store/responses/background.js';
import { finishResponse } from '../store/responses/responses.js';
import type { Store } from '../store/store.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import type { ResponseWriter } from './response-writer.js';

export interface StoredStreamOptions extends Deps<'clock' | 'logger' | 'instanceId'> {
  readonly id: string;
  readonly writer: ResponseWriter;
  readonly store: Pick<Store, 'write'>;
  /** Called when this worker ends: events that could not be stored yet are left to the next one. */
  readonly closing: AbortSignal;
  /** Called after each piece that was stored. */
  onStored(): void;
  /** Called when the response is no longer this worker's. */
  onLost(): void;
}

type Output = Exclude<CompletionOutput, { type: 'error' | 'finish' }>;

const FLUSH_MS = 250;
/** Pause after a failed write. */
const RETRY_MS = 2_000;

export class StoredStream {
  readonly #options: StoredStreamOptions;
  readonly #inOrder = createSerial();
  readonly #outputs: Output[] = [];
  /** Events that could not be stored. */
  #events: ResponseEvent[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: StoredStreamOptions) {
    this.#options = options;
  }

  write(output: Output): void {
    const last = this.#outputs.at(-1);
    const joined = last === undefined ? undefined : join(last, output);
    if (joined === undefined) this.#outputs.push(output);
    else this.#outputs[this.#outputs.length - 1] = joined;
    this.#schedule(FLUSH_MS);
  }

  /**
   * Stores the remaining events together with the end, however long the database is unavailable.
   * @param last  writes the last events
   * @returns false when the response is no longer this worker's, or the worker ends
   */
  end(last: (nowMs: number) => ResponseEvent[]): Promise<boolean> {
    return this.#inOrder(async () => {
      this.#cancel?.();
      const { clock, store, writer, closing, logger, id } = this.#options;
      const events = [...this.#take(), ...last(clock.now())];
      const { document } = writer;
      for (;;) {
        try {
          const isStored = await store.write((tx) => this.#finish(tx, document, events));
          this.#options.onStored();
          return isStored;
        } catch (error) {
          logger.warn({ response: id, err: error }, 'the end of a response could not be stored; trying again');
          await pause(RETRY_MS, clock, closing);
          if (closing.aborted) return false;
        }
      }
    });
  }

  async #finish(tx: Parameters<typeof appendEvents>[0], document: ResponseDocument, events: readonly ResponseEvent[]): Promise<boolean> {
    const { id, instanceId, clock } = this.#options;
    const isOurs = await appendEvents(tx, { id, instanceId }, events);
    return isOurs && (await finishResponse(tx, { document, instanceId, nowMs: clock.now() }));
  }

  #schedule(delayMs: number): void {
    this.#cancel ??= this.#options.clock.after(delayMs, () => void this.#inOrder(() => this.#flush()));
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    this.#cancel = undefined;
    const { store, id, instanceId } = this.#options;
    const events = this.#take();
    if (events.length === 0) return;
    try {
      const isOurs = await store.write((tx) => appendEvents(tx, { id, instanceId }, events));
      if (isOurs) this.#options.onStored();
      else this.#options.onLost();
    } catch {
      // The store reports its own failure.
      this.#events = events;
      this.#schedule(RETRY_MS);
    }
  }

  #take(): ResponseEvent[] {
    const { writer, clock } = this.#options;
    const events = [...this.#events, ...this.#outputs.splice(0).flatMap((output) => writer.write(output, clock.now()))];
    this.#events = [];
    return events;
  }
}

/** Merges two pieces of one text; returns undefined for other events. */
function join(a: Output, b: Output): Output | undefined {
  if (a.type === 'toolArguments' && b.type === 'toolArguments' && a.index === b.index) return { ...a, text: a.text + b.text };
  if (a.type === 'text' && b.type === 'text' && a.phase === b.phase) return { ...a, text: a.text + b.text };
  if (a.type === 'refusal' && b.type === 'refusal') return { ...a, text: a.text + b.text };
  return a.type === 'reasoning' && b.type === 'reasoning' ? { ...a, text: a.text + b.text } : undefined;
}
