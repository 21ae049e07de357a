/** Handles the transcripts of a message's recordings as part of its text: `[transcript] …`, a line after each recording. Pure. */

/** A recording of a message. */
export interface Sound {
  readonly name: string;
  /** The line of the text that links to it; undefined if it is attached. */
  readonly line?: number | undefined;
}

const MARK = '[transcript] ';
/** What a channel adds to a message that is forwarded, or a reply. */
const FRAME = /^\[(?:forwarded from|in reply to) .*\]$/;

/** Whether the recordings of a text have been transcribed. */
export const hasTranscript = (text: string): boolean => text.startsWith(MARK) || text.includes(`\n${MARK}`);

/** The page lists the file names for a message without text. */
const namesOf = (sounds: readonly Sound[]): string => sounds.map(({ name }) => name).join(', ');

/** Whether a message has text besides its recordings. */
export function hasWords(text: string, sounds: readonly Sound[]): boolean {
  const linked = new Set(sounds.map(({ line }) => line));
  if (linked.has(undefined)) return text !== namesOf(sounds);
  return text.split('\n').some((line, index) => line !== '' && !linked.has(index) && !FRAME.test(line));
}

/** Returns the words in one line. */
export const wordsOf = (transcript: string): string => transcript.replace(/[\s\p{Cc}]+/gu, ' ').trim();

/** Adds the transcripts to a message. @param said  in the order of the recordings */
export function withTranscripts(text: string, sounds: readonly Sound[], said: readonly string[]): string {
  const lines = text.split('\n').map((line) => [line]);
  const saysMore = hasWords(text, sounds);
  const attached: string[] = [];
  for (const [index, { line, name }] of sounds.entries()) {
    const transcript = MARK + (said[index] ?? '');
    if (line !== undefined) lines[line]?.push(transcript);
    else attached.push(...(saysMore ? [] : [`[recording ${name.replaceAll(/[[\]]/g, ' ')}]`]), transcript);
  }
  return [...(attached.length > 0 && !saysMore ? [] : lines.flat()), ...attached].join('\n');
}
