/** Passes text from a model or another program to stdout in pieces. */
import { escapeControlsKeepLines } from '../../shared/log/escape.js';

const TAB = '    ';

/** On a terminal the text must not move the cursor or hide other output; a file or program gets it unchanged. */
export class TerminalText {
  readonly #isTerminal: boolean;
  /** First half of a character outside the basic plane, whose second half is in the next piece. */
  #half = '';

  constructor(isTerminal: boolean) {
    this.#isTerminal = isTerminal;
  }

  /** @returns what may be written now */
  push(piece: string): string {
    const text = this.#half + piece;
    const isCut = /[\ud800-\udbff]$/.test(text);
    this.#half = isCut ? text.slice(-1) : '';
    return this.#clean(isCut ? text.slice(0, -1) : text);
  }

  /** @returns the remaining text */
  end(): string {
    const rest = this.#clean(this.#half);
    this.#half = '';
    return rest;
  }

  #clean(text: string): string {
    return this.#isTerminal ? escapeControlsKeepLines(text.replaceAll('\r\n', '\n').replaceAll('\t', TAB)) : text;
  }
}
