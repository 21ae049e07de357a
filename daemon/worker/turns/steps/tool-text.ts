/** The input and the output of a tool as people see them. */
import { cutText } from '../../../../shared/text/one-line.js';

const MAX_DETAIL_LENGTH = 500;

/** Returns the beginning of a long text. */
export const shorten = (text: string): string => cutText(text, MAX_DETAIL_LENGTH);

export const inputText = (input: unknown): string => (typeof input === 'string' ? input : (JSON.stringify(input) ?? ''));
