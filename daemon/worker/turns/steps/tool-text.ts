/** The input and the output of a tool as people see them. */

const MAX_DETAIL_LENGTH = 500;

/** Returns the beginning of a long text. */
export function shorten(text: string, maxLength = MAX_DETAIL_LENGTH): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1).replace(/\p{Surrogate}$/u, '')}…`;
}

export const inputText = (input: unknown): string => (typeof input === 'string' ? input : (JSON.stringify(input) ?? ''));
