/** Reasons why an access token cannot be created or revoked, and why a token may not do something. See known.ts. */
import { sayFrom } from '../fill-text.js';

export const ACCESS_REASONS = {
  'token-unknown': "There is no access token '{id}'.",
  'token-name-taken': "There is already an access token named '{name}'.",
  'tokens-full': 'There are {max} access tokens, which is the maximum. Revoke one first.',
  'token-end-past': 'expiresAt is in the past: {expiresAt}',
  'token-agents-chat': "A token that is limited to agents can only have the scope 'chat'.",
  'token-scope': "The access token '{name}' has the scope {scopes}, and this needs {wanted}.",
  'token-scopes': "The access token '{name}' has the scopes {scopes}, and this needs {wanted}.",
  'token-agents-only': "The access token '{name}' is limited to agents ({agents}), and this is not limited to an agent.",
  'token-agents-none': "The access token '{name}' is limited to agents ({agents}), and this names none.",
  'token-agents-other': "The access token '{name}' is limited to agents ({agents}), and this is for '{agent}'.",
  'token-sessions-own': "The access token '{name}' has conversations of its own, and this is not one of them.",
  'token-model': "The access token '{name}' is limited to agents ({agents}), and may not choose a model.",
} as const satisfies Readonly<Record<string, string>>;

export type AccessReason = keyof typeof ACCESS_REASONS;

/** Returns the English text. */
export const sayOfAccess = sayFrom(ACCESS_REASONS);
