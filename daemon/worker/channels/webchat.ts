/** The web page's chats. They live in the store alone: a message is delivered once it is in its session. */
import type { ChannelStatus } from '../../../shared/control/messages.js';
import type { Channel } from './channel.js';

const ACCOUNT = 'default';

export function createWebchat(): Channel {
  let state: ChannelStatus['state'] = 'off';
  return {
    name: 'webchat',
    findAccount: (accountId = ACCOUNT) => (accountId === ACCOUNT ? ACCOUNT : undefined),
    describeChat: () => ({ peerKind: 'direct', agentId: undefined }),
    compose: () => [],
    async start() {
      state = 'running';
    },
    async stop() {
      state = 'off';
    },
    async reconfigure() {},
    isReady: () => state === 'running',
    isIdempotent: () => true,
    send: async () => ({ type: 'delivered' }),
    health: () => ({ [ACCOUNT]: { state } }),
  };
}
