/** The text that a chat gets at the end of a turn. */
import { withCutOff } from '../../../shared/text/cut-off.js';
import type { TurnEnding } from '../turns/turn-journal.js';

type Ending = Pick<TurnEnding, 'reply' | 'error' | 'stopReason' | 'cutOff'>;

const paragraphs = (...parts: string[]): string => parts.filter((part) => part !== '').join('\n\n');

/** Returns what follows the characters of a text that the chat has got already. */
export const unsent = (text: string, sentLength: number): string => (sentLength === 0 ? text : text.slice(sentLength).replace(/^\n+/, ''));

/**
 * Returns the text for the chat; of an answer that was stopped, only the part that the chat has already seen.
 * @param hasPreview  whether the chat shows the beginning of the answer
 */
export function textOf({ reply, error, stopReason, cutOff }: Ending, hasPreview: boolean): string {
  if (stopReason !== null) return hasPreview ? paragraphs(reply, '_Stopped._') : '';
  return error === null ? withCutOff(reply, cutOff) : paragraphs(reply, `⚠️ ${error.message}`);
}
