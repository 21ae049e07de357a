/** What a screen reader announces of an answer: whole sentences, because single words are hard to follow. */
import type { MessageDocument } from '../../../../../shared/api/sessions.js';

export interface Spoken {
  /** The turn whose answer is being written; undefined once all of it has been announced. */
  readonly turn: string | undefined;
  /** How much of the answer has been announced. */
  readonly length: number;
  /** The last announced sentences. */
  readonly words: string;
}

export const SILENCE: Spoken = { turn: undefined, length: 0, words: '' };

/** Returns the length of the part of the text that consists of whole sentences or lines. */
function sentenceEnd(text: string): number {
  let end = 0;
  for (const match of text.matchAll(/[.!?。！？…:]["'”’)\]]*(?=\s)|[。！？]|\n/g)) end = match.index + match[0].length;
  return end;
}

/** An underscore inside a word is part of it. */
const MARKS = /[*`#>|]|(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu;

function sayUntil(end: number, text: string, said: Spoken): Spoken {
  return end > said.length ? { ...said, length: end, words: text.slice(said.length, end).replace(MARKS, '') } : said;
}

/** Announces complete sentences of an answer that is being written. */
export function sayLive(said: Spoken, { turn, text, earlier }: { turn: string; text: string; earlier: string }): Spoken {
  // A restarted answer begins with the announced part of the interrupted one.
  const before = turn === said.turn ? said : { turn, length: earlier === '' ? 0 : said.length, words: '' };
  return sayUntil(sentenceEnd(text), text, before);
}

/** Announces the rest of an answer once it is stored. */
export function sayRest(said: Spoken, messages: readonly Pick<MessageDocument, 'role' | 'content' | 'turn'>[]): Spoken {
  if (said.turn === undefined) return said;
  const answer = messages.findLast(({ role, turn }) => role === 'assistant' && turn?.id === said.turn);
  return answer === undefined ? said : { ...sayUntil(answer.content.length, answer.content, said), turn: undefined };
}
