/** The events of one turn for any number of readers: each gets all of them, and none of them stops it. */
import type { AgentEvent } from '../contracts.js';
import { Waiters } from '../../../shared/waiters.js';

export class SharedTurn {
  readonly bodyHash: string;
  readonly #events: AgentEvent[] = [];
  readonly #readers = new Waiters();
  #failure: { readonly error: unknown } | undefined;
  #isEnded = false;
  #isReplay = false;

  /** @param bodyHash  of the request that it answers */
  constructor(bodyHash: string) {
    this.bodyHash = bodyHash;
  }

  push(event: AgentEvent): void {
    this.#events.push(event);
    this.#readers.wake();
  }

  /** What comes is the answer to a request of before. */
  setReplay(): void {
    this.#isReplay = true;
    this.#readers.wake();
  }

  /** @param failure  what every reader is to throw */
  end(failure?: { readonly error: unknown }): void {
    this.#isEnded = true;
    this.#failure = failure;
    this.#readers.wake();
  }

  /** @throws the turn's failure; the signal's reason */
  async *follow(reader: { readonly signal: AbortSignal; onReplay(): void }): AsyncGenerator<AgentEvent> {
    let next = 0;
    let isTold = false;
    for (;;) {
      if (this.#isReplay && !isTold) {
        isTold = true;
        reader.onReplay();
      }
      for (let event = this.#events[next]; event !== undefined; event = this.#events[next]) {
        next += 1;
        yield event;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isEnded) return;
      await this.#readers.wait(reader.signal);
      reader.signal.throwIfAborted();
    }
  }
}
