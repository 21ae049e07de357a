/** Finds known texts, such as secrets, in other texts. Time is linear in the searched text, however many texts are known. */

/** Length of the shortest text that can be found. */
const MIN_KNOWN_LENGTH = 6;
/** Powers of two. */
const FIRST_TABLE_SIZE = 256;
const MAX_TABLE_SIZE = 1_048_576;
/** Table slots per text, so that most of them are 0. */
const PLACES = 16;

export class KnownTexts {
  readonly #texts = new Set<string>();
  /** Texts by their first {@link MIN_KNOWN_LENGTH} characters, longest first. */
  readonly #lengths = new Map<string, number[]>();
  /** 1 at the hash of the first three characters of a text: almost all positions of a line need only this lookup. */
  #starts: Uint8Array = new Uint8Array(FIRST_TABLE_SIZE);

  /** A text that is too short is ignored: it would match everywhere. */
  add(text: string): void {
    if (text.length < MIN_KNOWN_LENGTH || this.#texts.has(text)) return;
    this.#texts.add(text);
    this.#mark(text);
    const start = text.slice(0, MIN_KNOWN_LENGTH);
    const lengths = this.#lengths.get(start) ?? [];
    if (!lengths.includes(text.length))
      this.#lengths.set(
        start,
        [...lengths, text.length].toSorted((left, right) => right - left),
      );
  }

  /** Returns `text` with each known text replaced; if several match at one position, the longest. */
  replaceIn(text: string, replace: (known: string) => string): string {
    if (this.#texts.size === 0) return text;
    const parts: string[] = [];
    let copied = 0;
    const last = text.length - MIN_KNOWN_LENGTH;
    const mask = this.#starts.length - 1;
    for (let at = 0; at <= last; at += 1) {
      const length = this.#starts[hashAt(text, at) & mask] === 0 ? undefined : this.#lengthAt(text, at);
      if (length === undefined) continue;
      parts.push(text.slice(copied, at), replace(text.slice(at, at + length)));
      copied = at + length;
      at = copied - 1;
    }
    return copied === 0 ? text : parts.join('') + text.slice(copied);
  }

  #mark(text: string): void {
    const size = this.#starts.length;
    if (size < MAX_TABLE_SIZE && size < PLACES * this.#texts.size) {
      this.#starts = new Uint8Array(2 * size);
      for (const known of this.#lengths.keys()) this.#mark(known);
    }
    this.#starts[hashAt(text, 0) & (this.#starts.length - 1)] = 1;
  }

  #lengthAt(text: string, at: number): number | undefined {
    const lengths = this.#lengths.get(text.slice(at, at + MIN_KNOWN_LENGTH));
    return lengths?.find((length) => this.#texts.has(text.slice(at, at + length)));
  }
}

function hashAt(text: string, at: number): number {
  return text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2);
}
