/** Cleans the text of a vendor's stream: whole characters, without reasoning. Pure. */

const UNPAIRED = /\p{Surrogate}/gu;
const HIGH_AT_END = /[\uD800-\uDBFF]$/;

/**
 * Joins characters that a vendor has split between two pieces: many languages cannot join the halves once each was sent in its own
 * JSON. An unpaired half becomes U+FFFD.
 */
export class WholeCharacters {
  #held = '';

  /** Returns as much of the text as has whole characters. */
  push(piece: string): string {
    const text = this.#held + piece;
    this.#held = HIGH_AT_END.exec(text)?.[0] ?? '';
    return text.slice(0, text.length - this.#held.length).replace(UNPAIRED, '\uFFFD');
  }

  /** Ends the text and returns the rest. */
  end(): string {
    const rest = this.#held === '' ? '' : '\uFFFD';
    this.#held = '';
    return rest;
  }
}

const OPENING = '<think>';
const CLOSING = '</think>';
/** In characters. A longer block counts as the answer. */
const MAX_THOUGHTS = 1_000_000;

/** Removes the `<think>` block at the beginning of an answer, which many local models write. Elsewhere the tag is text. */
export class WithoutThoughts {
  #state: 'start' | 'inside' | 'after' | 'through' = 'start';
  /** Text that may be part of a tag. */
  #held = '';
  /** Thoughts so far, without what is held. */
  readonly #thoughts: string[] = [];
  #length = 0;

  /** Returns the text that cannot be part of a thought. */
  push(piece: string): string {
    if (this.#state === 'through') return piece;
    this.#held += piece;
    if (this.#state === 'start') this.#begin();
    if (this.#state === 'inside') this.#think();
    if (this.#state === 'after') this.#held = this.#held.trimStart();
    if (this.#state === 'after' && this.#held !== '') this.#state = 'through';
    return this.#state === 'through' ? this.end() : '';
  }

  /** Ends the text and returns the rest. A block that never ended counts as the answer. */
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
