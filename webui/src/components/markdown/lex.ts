/** Lexes a growing text without lexing its finished part again. */
import { lexer, type Token } from 'marked';

export interface Lexed {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** Further text can change the last two blocks: a `2` below a list is a paragraph until its dot arrives, and then a list item. */
const UNFINISHED = 2;

const lexAll = (text: string): readonly Token[] => lexer(text, { gfm: true, breaks: true });

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
