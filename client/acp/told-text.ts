/**
 * What an editor was told of an answer. It cannot take words back: an attempt that begins anew is told from where it goes on after the
 * words of the last one, or after a blank line if it says something else.
 */
export class ToldText {
  #told = '';
  #attempt = '';
  /** Whether the attempt is told up to its end. */
  #isLevel = true;

  /** Called before the first words of another attempt. */
  begin(): void {
    this.#attempt = '';
    this.#isLevel = this.#told === '';
  }

  /** @returns what is to be told of these further words */
  add(words: string): string {
    this.#attempt += words;
    if (this.#isLevel) {
      this.#told += words;
      return words;
    }
    return this.#told.startsWith(this.#attempt) ? '' : this.#tell(this.#attempt);
  }

  /** @returns what is to be told when the whole answer is known */
  complete(answer: string): string {
    return this.#told.trim().startsWith(answer.trim()) ? '' : this.#tell(answer);
  }

  #tell(text: string): string {
    const isMore = text.startsWith(this.#told);
    const more = isMore ? text.slice(this.#told.length) : `\n\n${text}`;
    this.#told = text;
    this.#isLevel = true;
    return more;
  }
}
