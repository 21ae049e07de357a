/**
 * Starts requests of clients without credentials in order, one per turn of the event loop, and fewer while connections arrive. A
 * turn accepts one connection, so a client waits as many turns as there are connections before its own: turns must be short.
 */

/** While connections arrive, one start per this many turns. */
const TURNS_PER_START = 3;

/** Starts a request. @returns false if its client has gone */
export type Start = () => boolean;

export class PacedStarts {
  readonly #starts: Start[] = [];
  #isScheduled = false;
  #hasAccepted = false;
  #turns = 0;

  /** Called with each connection that is accepted. */
  noteAccepted(): void {
    this.#hasAccepted = true;
  }

  /** Calls `start` in a later turn. */
  add(start: Start): void {
    this.#starts.push(start);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#starts.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#advance());
  }

  #advance(): void {
    this.#isScheduled = false;
    this.#turns += 1;
    if (!this.#hasAccepted || this.#turns >= TURNS_PER_START) {
      this.#turns = 0;
      // Requests whose clients have disconnected take no turn.
      while (this.#starts.shift()?.() === false);
    }
    this.#hasAccepted = false;
    this.#schedule();
  }
}
