/** Finds the session of a message from a chat. */
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { sessionOf } from '../sessions/session-key.js';
import type { NewSession } from '../store/conversations/sessions.js';
import type { InboxMessage } from '../store/delivery/inbox.js';

interface Sources {
  readonly channels: Pick<ChannelRegistry, 'isConfigured' | 'get'>;
  readonly config: () => Config;
}

type Sender = Pick<InboxMessage, 'channel' | 'accountId' | 'chatId' | 'peerKind'>;

/** @throws UNAVAILABLE for an account that is not configured (any more): the message then waits for it */
export function sessionOfMessage({ channels, config }: Sources, { channel, accountId, chatId, peerKind }: Sender): NewSession {
  if (!channels.isConfigured(channel, accountId))
    throw new GatewayError('UNAVAILABLE', { message: `the account '${accountId}' is not configured` });
  const { agentId = config().agents.default, peerId = chatId } = channels.get(channel).describeChat(accountId, chatId);
  return sessionOf({ agentId, channel, accountId, peerKind, peerId });
}

/** @returns undefined if the chat's channel was removed from the configuration */
export function findSessionOf(sources: Sources, sender: Sender): NewSession | undefined {
  try {
    return sessionOfMessage(sources, sender);
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}
