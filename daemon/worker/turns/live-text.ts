/**
 * Writes down what is being said, a moment after it was: when the worker is killed, its successor has what was shown. All
 * answers share one write each quarter of a second, and an answer that is complete by then costs none.
 */
import type { Clock } from '../../../shared/clock.js';
import type { Store } from '../store/store.js';
import { appendTurnPart } from '../store/conversations/turn-parts.js';

export interface SpokenTextOptions {
  readonly store: Pick<Store, 'write'>;
  readonly clock: Clock;
}

interface Pending {
  /** Where the pieces begin in the answer. */
  at: number;
  pieces: string[];
}

const EVERY_MS = 250;
/** The store is out of order: what is said is in the answer all the same. */
const RETRY_MS = 2_000;

/** Half a character cannot be stored: it waits for its other half. */
const endsInHalf = (text: string): boolean => /[\uD800-\uDBFF]$/.test(text);

export class SpokenText {
  readonly #options: SpokenTextOptions;
  readonly #pending = new Map<string, Pending>();
  #isScheduled = false;

  constructor(options: SpokenTextOptions) {
    this.#options = options;
  }

  say(turnId: string, text: string): void {
    const pending = this.#pending.get(turnId) ?? { at: 0, pieces: [] };
    pending.pieces.push(text);
    this.#pending.set(turnId, pending);
    this.#schedule(EVERY_MS);
  }

  /** The answer is about to be stored as a whole, or not at all. */
  end(turnId: string): void {
    this.#pending.delete(turnId);
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.clock.after(delayMs, () => void this.#flush());
  }

  /** Never rejects. */
  async #flush(): Promise<void> {
    const parts = this.#take();
    let nextMs = EVERY_MS;
    try {
      if (parts.length > 0)
        await this.#options.store.write(async (tx) => {
          for (const part of parts) if (this.#pending.has(part.turnId)) await appendTurnPart(tx, part);
        });
    } catch {
      for (const part of parts) this.#putBack(part);
      nextMs = RETRY_MS;
    }
    this.#isScheduled = false;
    if ([...this.#pending.values()].some(({ pieces }) => pieces.length > 0)) this.#schedule(nextMs);
  }

  #take(): { turnId: string; at: number; text: string }[] {
    return [...this.#pending].flatMap(([turnId, pending]) => {
      const { at } = pending;
      const all = pending.pieces.join('');
      const text = endsInHalf(all) ? all.slice(0, -1) : all;
      pending.pieces = all.length > text.length ? [all.slice(text.length)] : [];
      pending.at += text.length;
      return text === '' ? [] : [{ turnId, at, text }];
    });
  }

  #putBack({ turnId, at, text }: { turnId: string; at: number; text: string }): void {
    const pending = this.#pending.get(turnId);
    if (pending === undefined) return;
    pending.at = at;
    pending.pieces.unshift(text);
  }
}
