/**
 * The part of an answer that an editor shows, which cannot be withdrawn. When an attempt starts over, the editor gets only the text
 * beyond what it already shows; if the new attempt differs, it gets the whole text after a blank line.
 */
export class ShownText {
  #shown = '';
  #attempt = '';
  /** Whether the attempt is shown up to its end. */
  #isLevel = true;

  /** Called before the first words of another attempt. */
  begin(): void {
    this.#attempt = '';
    this.#isLevel = this.#shown === '';
  }

  /** @returns the part of this new text to send to the editor */
  add(words: string): string {
    this.#attempt += words;
    if (this.#isLevel) {
      this.#shown += words;
      return words;
    }
    return this.#shown.startsWith(this.#attempt) ? '' : this.#show(this.#attempt);
  }

  /** @returns the text still to be sent once the whole answer is known */
  complete(answer: string): string {
    return this.#shown.trim().startsWith(answer.trim()) ? '' : this.#show(answer);
  }

  #show(text: string): string {
    const isMore = text.startsWith(this.#shown);
    const more = isMore ? text.slice(this.#shown.length) : `\n\n${text}`;
    this.#shown = text;
    this.#isLevel = true;
    return more;
  }
}
