/**
 * Starts requests of clients without credentials in their order, one in a turn of the event loop, and fewer while connections arrive.
 * A turn accepts one connection, so that a client waits for as many turns as connections arrived before its own: turns must be short.
 */

/** While connections arrive, one start in so many turns. */
const TURNS_PER_START = 5;

export class PacedStarts {
  readonly #starts: (() => void)[] = [];
  #hasAccepted = false;
  #turns = 0;

  /** Called with each connection that is accepted. */
  noteAccepted(): void {
    this.#hasAccepted = true;
  }

  /** Calls `start` in a later turn. */
  add(start: () => void): void {
    this.#starts.push(start);
    if (this.#starts.length === 1) setImmediate(() => this.#advance());
  }

  #advance(): void {
    this.#turns += 1;
    if (!this.#hasAccepted || this.#turns >= TURNS_PER_START) {
      this.#turns = 0;
      this.#starts.shift()?.();
    }
    this.#hasAccepted = false;
    if (this.#starts.length > 0) setImmediate(() => this.#advance());
  }
}
