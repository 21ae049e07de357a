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

const OPENING = '<think>';
const CLOSING = '</think>';
/** What thinks for longer than that does not think. */
const MAX_THOUGHTS = 1_000_000;

/** Leaves out the thoughts that many local models write before their answer, as a part of it. Anywhere else the tag is text. */
export class WithoutThoughts {
  #state: 'start' | 'inside' | 'after' | 'through' = 'start';
  /** What is not decided yet. */
  #held = '';
  /** Thoughts so far, without what is held. */
  readonly #thoughts: string[] = [];
  #length = 0;

  /** @returns as much of it as is known to be no thought */
  push(piece: string): string {
    if (this.#state === 'through') return piece;
    this.#held += piece;
    if (this.#state === 'start') this.#begin();
    if (this.#state === 'inside') this.#think();
    if (this.#state === 'after') this.#held = this.#held.trimStart();
    if (this.#state === 'after' && this.#held !== '') this.#state = 'through';
    return this.#state === 'through' ? this.end() : '';
  }

  /** Nothing more comes: thoughts that never ended were the answer. */
  end(): string {
    const rest = [...this.#thoughts.splice(0), this.#held].join('');
    this.#held = '';
    this.#state = 'through';
    return rest;
  }

  #begin(): void {
    const text = this.#held.trimStart();
    if (text.startsWith(OPENING)) {
      this.#state = 'inside';
      this.#thoughts.push(OPENING);
      this.#held = text.slice(OPENING.length);
    } else if (!OPENING.startsWith(text)) this.#state = 'through';
  }

  #think(): void {
    const end = this.#held.indexOf(CLOSING);
    if (end >= 0) {
      this.#state = 'after';
      this.#thoughts.length = 0;
      this.#held = this.#held.slice(end + CLOSING.length);
      return;
    }
    // The tag may have begun.
    const rest = this.#held.slice(1 - CLOSING.length);
    this.#thoughts.push(this.#held.slice(0, this.#held.length - rest.length));
    this.#length += this.#held.length - rest.length;
    this.#held = rest;
    if (this.#length > MAX_THOUGHTS) this.#state = 'through';
  }
}

/** A count of tokens; null for what is none. */
export function tokenCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
