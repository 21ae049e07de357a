/**
 * Carries a turn's events to whoever reads them. The turn does not wait for a slow reader: what has not been read yet
 * is kept, neighbouring deltas as one. A reader that stops early cancels.
 */
import type { AgentEvent } from '../contracts.js';

export class EventStream implements AsyncIterableIterator<AgentEvent> {
  readonly #cancel: () => void;
  readonly #unread: AgentEvent[] = [];
  #wake: (() => void) | undefined;
  #isEnded = false;

  /** @param cancel  called when the reader stops before the end */
  constructor(cancel: () => void) {
    this.#cancel = cancel;
  }

  push(event: AgentEvent): void {
    if (this.#isEnded) return;
    const last = this.#unread.at(-1);
    if (event.type === 'delta' && last?.type === 'delta')
      this.#unread[this.#unread.length - 1] = { type: 'delta', text: last.text + event.text };
    else this.#unread.push(event);
    this.#wake?.();
  }

  /** No event comes after this. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<AgentEvent>> {
    while (this.#unread.length === 0) {
      if (this.#isEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#unread.shift() as AgentEvent };
  }

  async return(): Promise<IteratorResult<AgentEvent>> {
    this.#cancel();
    this.#unread.length = 0;
    this.#isEnded = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
