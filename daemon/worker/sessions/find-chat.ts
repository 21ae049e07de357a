/** Finds a chat by the names of its channel and account. */
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import type { Channel } from '../channels/channel.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { findAgent } from '../config/agents.js';
import type { NewSession } from '../store/conversations/sessions.js';
import type { Lane } from '../store/delivery/outbox.js';
import { sessionOf } from './session-key.js';

/** A chat, and its session with the agent that answers there. */
export interface Chat {
  readonly channel: Channel;
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly lane: Lane;
}

export interface ChatSources {
  readonly channels: Pick<ChannelRegistry, 'getAccount'>;
  readonly config: () => Config;
}

/** @param name  without an account: the channel's default one. @throws CHANNEL_NOT_FOUND; INVALID_REQUEST */
export function findChat(
  { channels, config }: ChatSources,
  name: { readonly channel: string; readonly accountId?: string | undefined; readonly chatId: string },
): Chat {
  const { channel, accountId } = channels.getAccount(name.channel, name.accountId);
  const { chatId } = name;
  const { peerKind, agentId, peerId = chatId } = channel.describeChat(accountId, chatId);
  const agent = findAgent(config(), agentId);
  const session = sessionOf({ agentId: agent.id, channel: channel.name, accountId, peerKind, peerId });
  return { channel, agent, session, lane: { channel: channel.name, accountId, chatId } };
}
