/**
 * Stores the text of answers while they are generated, so that after a kill the next worker has what readers saw. All answers share
 * one write each quarter of a second; an answer that is complete by then costs none.
 */
import type { Clock } from '../../../shared/clock.js';
import { appendTurnPart } from '../store/conversations/turn-parts.js';
import type { Store } from '../store/store.js';
import { tellOthers } from '../store/transaction.js';
import type { BegunTurn } from './turn-journal.js';

interface Pending {
  readonly sessionId: number;
  /** Where the pieces begin in the answer. */
  at: number;
  pieces: string[];
}

const FLUSH_MS = 250;
/** After a failed write. */
const RETRY_MS = 2_000;

/** Half of a surrogate pair cannot be stored: it waits for the other half. */
const endsInHalf = (text: string): boolean => /[\uD800-\uDBFF]$/.test(text);

export class LiveText {
  readonly #options: { readonly store: Pick<Store, 'write'>; readonly clock: Clock };
  readonly #pending = new Map<string, Pending>();
  #isScheduled = false;

  constructor(options: { readonly store: Pick<Store, 'write'>; readonly clock: Clock }) {
    this.#options = options;
  }

  append({ id, session }: Pick<BegunTurn, 'id'> & { readonly session: Pick<BegunTurn['session'], 'id'> }, text: string): void {
    const pending = this.#pending.get(id) ?? { sessionId: session.id, at: 0, pieces: [] };
    pending.pieces.push(text);
    this.#pending.set(id, pending);
    this.#schedule(FLUSH_MS);
  }

  /** Drops the answer, because it is about to be stored as a whole, or not at all. */
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
    let nextMs = FLUSH_MS;
    try {
      if (parts.length > 0)
        await this.#options.store.write(async (tx) => {
          for (const part of parts) {
            if (!this.#pending.has(part.turnId)) continue;
            await appendTurnPart(tx, part);
            tellOthers(tx, `session:${part.sessionId}`);
          }
        });
    } catch {
      // The store reports its own failure; the answer is stored as a whole later.
      for (const part of parts) this.#putBack(part);
      nextMs = RETRY_MS;
    }
    this.#isScheduled = false;
    if ([...this.#pending.values()].some(({ pieces }) => pieces.length > 0)) this.#schedule(nextMs);
  }

  #take(): { turnId: string; sessionId: number; at: number; text: string }[] {
    return [...this.#pending].flatMap(([turnId, pending]) => {
      const { at, sessionId } = pending;
      const all = pending.pieces.join('');
      const text = endsInHalf(all) ? all.slice(0, -1) : all;
      pending.pieces = all.length > text.length ? [all.slice(text.length)] : [];
      pending.at += text.length;
      return text === '' ? [] : [{ turnId, sessionId, at, text }];
    });
  }

  #putBack({ turnId, at, text }: { turnId: string; at: number; text: string }): void {
    const pending = this.#pending.get(turnId);
    if (pending === undefined) return;
    pending.at = at;
    pending.pieces.unshift(text);
  }
}
