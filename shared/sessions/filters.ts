/** Filters of a session search: `name:value`. The grammar is in docs/api.md. */

export const SESSION_FILTERS = ['from', 'after', 'before', 'model', 'agent', 'tag', 'is'] as const;

export type SessionFilterName = (typeof SESSION_FILTERS)[number];

/** Values of `is:`. Archived sessions are shown only with `is:archived` or `is:any`. */
export const SESSION_STATES = ['pinned', 'unread', 'archived', 'answering', 'any'] as const;

export type SessionState = (typeof SESSION_STATES)[number];

export const MAX_TAG_LENGTH = 32;
export const MAX_TAGS = 20;

/** Normalizes a tag as it is stored: lower case, trimmed. */
export function normaliseTag(tag: string): string {
  return tag.trim().normalize('NFC').toLowerCase();
}
