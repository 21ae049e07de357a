/** Session keys: `{agentId}:{source}:{accountId}:{peerKind}:{peerId}`. Only the last part may contain colons. */
import { GatewayError } from '../../../shared/errors.js';
import type { NewSession } from '../store/conversations/sessions.js';

/** A peer of an agent in a channel. */
export interface Peer {
  readonly agentId: string;
  /** A channel's name, or `api`. */
  readonly channel: string;
  readonly accountId?: string;
  /** `direct` (default) or `group`. */
  readonly peerKind?: string;
  readonly peerId: string;
}

const DEFAULT_ACCOUNT = 'default';
const PART = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const MAX_PEER_ID_LENGTH = 256;

function checkPart(name: string, value: string): void {
  if (PART.test(value)) return;
  throw new GatewayError('INVALID_REQUEST', {
    message: `${name} '${value.slice(0, 80)}' must be 1–64 letters, digits, dots, dashes or underscores`,
  });
}

function checkPeerId(name: string, value: string): void {
  if (value !== '' && value.length <= MAX_PEER_ID_LENGTH && /^[^\p{Cc}\p{Surrogate}]+$/u.test(value)) return;
  throw new GatewayError('INVALID_REQUEST', {
    message: `${name} must be 1–${MAX_PEER_ID_LENGTH} characters, none of them control characters`,
  });
}

/**
 * Returns the session of a chat.
 * @param peerName  the caller's name of the last part, for the error message
 * @throws INVALID_REQUEST for a part that cannot be in a key
 */
export function sessionOf(peer: Peer, peerName = 'chat_id'): NewSession {
  const { agentId, channel, accountId = DEFAULT_ACCOUNT, peerKind = 'direct', peerId } = peer;
  checkPart('channel', channel);
  checkPart('accountId', accountId);
  checkPeerId(peerName, peerId);
  return { key: [agentId, channel, accountId, peerKind, peerId].join(':'), agentId, channel, accountId, peerKind, peerId };
}

/**
 * Returns the session that programs call `name`, of that agent. @param accountId  the owner; default: shared by all. @throws
 * INVALID_REQUEST for a text that cannot be in a key
 */
export function namedSession(agentId: string, name: string, accountId: string = DEFAULT_ACCOUNT): NewSession {
  return sessionOf({ agentId, channel: 'api', accountId, peerId: name }, 'session');
}

/** Returns the parts of a complete key, which has at least four colons and a text after the fourth; undefined for a name. */
export function parseSessionKey(text: string): NewSession | undefined {
  const [agentId, channel, accountId, peerKind, ...rest] = text.split(':');
  const peerId = rest.join(':');
  if (agentId === undefined || channel === undefined || accountId === undefined || peerKind === undefined || peerId === '')
    return undefined;
  return { key: text, agentId, channel, accountId, peerKind, peerId };
}
