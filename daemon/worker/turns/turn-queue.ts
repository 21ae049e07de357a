/** Runs one turn at a time per session; others wait in the order of their arrival. */
import { GatewayError } from '../../../shared/errors.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';

/** Per session. */
const MAX_WAITING = 50;

export class TurnQueue {
  /** Sessions with a running turn, each with what lets its waiting turns proceed. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /**
   * Waits until no other turn of the session runs. With `isFirst`, runs before all other waiting turns.
   * @returns a function that ends the turn, to be called once
   * @throws RATE_LIMITED when too many wait already; the signal's reason when it is aborted first
   */
  async enter(key: string, signal: AbortSignal, { isFirst = false } = {}): Promise<() => void> {
    signal.throwIfAborted();
    const line = this.#waiting.get(key);
    if (line === undefined) {
      this.#waiting.set(key, []);
      return () => this.#leave(key);
    }
    if (line.length >= MAX_WAITING && !isFirst) {
      throw new GatewayError('RATE_LIMITED', {
        message: sayOfAnswer('turn-queue-full', { count: MAX_WAITING, session: key }),
        hint: 'Wait for their answers, or use another session.',
      });
    }
    await this.#wait(line, signal, isFirst);
    return () => this.#leave(key);
  }

  #wait(line: (() => void)[], signal: AbortSignal, isFirst: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const proceed = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        line.splice(line.indexOf(proceed), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      if (isFirst) line.unshift(proceed);
      else line.push(proceed);
    });
  }

  #leave(key: string): void {
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) this.#waiting.delete(key);
    else next();
  }
}
