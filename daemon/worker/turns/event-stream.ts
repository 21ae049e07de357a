/** Carries a turn's events to its readers. The turn never waits for a reader; unread events are kept. */
import { Waiters } from '../../../shared/waiters.js';
import type { TurnEvent } from './turn-event.js';

/** The events of one turn for one reader. Unread deltas are joined. A reader that stops early cancels the turn. */
export class EventStream implements AsyncIterableIterator<TurnEvent> {
  readonly #cancel: () => void;
  readonly #unread: TurnEvent[] = [];
  #wake: (() => void) | undefined;
  #isEnded = false;

  /** @param cancel  called when the reader stops before the end */
  constructor(cancel: () => void) {
    this.#cancel = cancel;
  }

  push(event: TurnEvent): void {
    if (this.#isEnded) return;
    const last = this.#unread.at(-1);
    if (event.type === 'delta' && last?.type === 'delta')
      this.#unread[this.#unread.length - 1] = { type: 'delta', text: last.text + event.text };
    else this.#unread.push(event);
    this.#wake?.();
  }

  /** No event follows. */
  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<TurnEvent>> {
    while (this.#unread.length === 0) {
      if (this.#isEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return { done: false, value: this.#unread.shift() as TurnEvent };
  }

  async return(): Promise<IteratorResult<TurnEvent>> {
    this.#cancel();
    this.#unread.length = 0;
    this.#isEnded = true;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

type SharedState = { readonly type: 'open' | 'ended' } | { readonly type: 'failed'; readonly error: unknown };

/** The events of one turn for any number of readers: each gets all of them, and none of them stops the turn. */
export class SharedEvents {
  readonly #events: TurnEvent[] = [];
  readonly #readers = new Waiters();
  #state: SharedState = { type: 'open' };
  #isReplay = false;

  push(event: TurnEvent): void {
    this.#events.push(event);
    this.#readers.wake();
  }

  /** The events answer an earlier request. */
  setReplay(): void {
    this.#isReplay = true;
    this.#readers.wake();
  }

  end(): void {
    this.#close({ type: 'ended' });
  }

  /** Every reader throws `error`, after the events so far. */
  fail(error: unknown): void {
    this.#close({ type: 'failed', error });
  }

  /** @throws the error that the turn failed with; the signal's reason */
  async *follow(reader: { readonly signal: AbortSignal; onReplay(): void }): AsyncGenerator<TurnEvent> {
    let next = 0;
    let knowsReplay = false;
    for (;;) {
      if (this.#isReplay && !knowsReplay) {
        knowsReplay = true;
        reader.onReplay();
      }
      for (let event = this.#events[next]; event !== undefined; event = this.#events[next]) {
        next += 1;
        yield event;
      }
      if (this.#state.type === 'failed') throw this.#state.error;
      if (this.#state.type === 'ended') return;
      await this.#readers.wait(reader.signal);
      reader.signal.throwIfAborted();
    }
  }

  #close(state: SharedState): void {
    this.#state = state;
    this.#readers.wake();
  }
}
