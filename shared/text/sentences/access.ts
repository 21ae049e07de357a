/** Why an access token cannot be made or ended. See known.ts. */
import { sayFrom } from '../fill-text.js';

export const ACCESS_REASONS = {
  'token-unknown': "There is no access token '{id}'.",
  'token-name-taken': "There is already an access token named '{name}'.",
  'tokens-full': 'There are {max} access tokens, the most there can be. Revoke one first.',
  'token-end-past': 'expiresAt is in the past: {expiresAt}',
  'token-agents-chat': "A token that is limited to agents can only have the scope 'chat'.",
} as const satisfies Readonly<Record<string, string>>;

/** Returns the English text. */
export const sayOfAccess = sayFrom(ACCESS_REASONS);
