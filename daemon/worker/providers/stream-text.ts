/** What comes in a vendor's stream, made so that it can be told on as it is. Pure. */

const UNPAIRED = /\p{Surrogate}/gu;
const HIGH_AT_END = /[\uD800-\uDBFF]$/;

/**
 * Joins the halves of characters that a vendor has cut between two pieces: many languages cannot join them again once
 * each has been sent as JSON of its own. What is only half a character becomes U+FFFD.
 */
export class WholeCharacters {
  #held = '';

  /** @returns as much of it as is whole */
  push(piece: string): string {
    const text = this.#held + piece;
    this.#held = HIGH_AT_END.exec(text)?.[0] ?? '';
    return text.slice(0, text.length - this.#held.length).replace(UNPAIRED, '\uFFFD');
  }

  /** Nothing more comes. */
  end(): string {
    const rest = this.#held === '' ? '' : '\uFFFD';
    this.#held = '';
    return rest;
  }
}

/** A count of tokens; null for what is none. */
export function tokenCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
