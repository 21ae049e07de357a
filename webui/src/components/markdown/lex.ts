/** Lexes a growing text without lexing its finished part again. */
import { lexer, type Token, Tokenizer, type Tokens } from 'marked';

export interface Lexed {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** Further text can change the last two blocks: a `2` below a list is a paragraph until its dot arrives, and then a list item. */
const UNFINISHED = 2;

/** Deeper than anyone writes. Marks that are nested deeper stay text: to lex and show them all could need more than the stack. */
const MAX_DEPTH = 20;
/** Where one block has more marks of emphasis, they stay text: each is compared with all that follow. */
const MAX_MARKS = 300;

class ShallowTokenizer extends Tokenizer {
  #depth = 0;
  #text = '';
  #marks = 0;

  #nest<T>(read: () => T): T | undefined {
    if (this.#depth === MAX_DEPTH) return undefined;
    this.#depth += 1;
    const token = read();
    this.#depth -= 1;
    return token;
  }

  #emphasis<T>(text: string, read: () => T): T | undefined {
    if (text !== this.#text) this.#marks = (this.#text = text).split(/[*_~]+/).length;
    return this.#marks > MAX_MARKS ? undefined : this.#nest(read);
  }

  override blockquote(source: string): Tokens.Blockquote | undefined {
    return this.#nest(() => super.blockquote(source));
  }

  override list(source: string): Tokens.List | undefined {
    return this.#nest(() => super.list(source));
  }

  override emStrong(source: string, text: string, before?: string): Tokens.Em | Tokens.Strong | undefined {
    return this.#emphasis(text, () => super.emStrong(source, text, before));
  }

  override del(source: string, text: string, before?: string): Tokens.Del | undefined {
    return this.#emphasis(text, () => super.del(source, text, before));
  }
}

const lexAll = (text: string): readonly Token[] => lexer(text, { gfm: true, breaks: true, tokenizer: new ShallowTokenizer() });

/** Returns the tokens that no more text changes. */
function finished(tokens: readonly Token[]): readonly Token[] {
  const blocks = tokens.flatMap(({ type }, index) => (type === 'space' ? [] : [index]));
  return tokens.slice(0, blocks.at(-UNFINISHED) ?? 0);
}

/** @param before  the result for the text before it grew */
export function lexGrown(text: string, before: Lexed | undefined): Lexed {
  const kept = before === undefined || !text.startsWith(before.text) ? [] : finished(before.tokens);
  const start = kept.map(({ raw }) => raw).join('');
  // The lexer changes the ends of lines of other systems.
  if (start === '' || !text.startsWith(start)) return { text, tokens: lexAll(text) };
  const tokens = [...kept, ...lexAll(text.slice(start.length))];
  // The address of a link may be anywhere in the text.
  return { text, tokens: tokens.some(({ type }) => type === 'def') ? lexAll(text) : tokens };
}
