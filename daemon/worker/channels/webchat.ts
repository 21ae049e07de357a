/** The chats of the web page. They exist only in the store: a message is delivered once it is in its session. */
import type { ServedAccount } from './channel.js';
import type { ChannelStatus } from '../../../shared/api/gateway/status.js';
import type { Channel } from './channel.js';

const ACCOUNT = 'default';

/** Returns the inbox lane of a chat on the page. */
export const webchatLane = (session: string) => ({ channel: 'webchat', accountId: ACCOUNT, chatId: session });

/** The page names a chat by its session, because each agent has chats of its own. */
const SESSION_KEY = /^([^:]+):webchat:default:direct:(.+)$/s;

export function createWebchat(): Channel {
  let state: ChannelStatus['state'] = 'off';
  const account: ServedAccount = {
    isReady: () => state === 'running',
    // Its chats need no lease.
    canServe: () => false,
    send: async () => ({ type: 'delivered' }),
  };
  return {
    name: 'webchat',
    findAccount: (accountId = ACCOUNT) => (accountId === ACCOUNT ? ACCOUNT : undefined),
    describeChat: (_accountId, chatId) => {
      const [, agentId, peerId] = SESSION_KEY.exec(chatId) ?? [];
      return { peerKind: 'direct', agentId, ...(peerId === undefined ? {} : { peerId }) };
    },
    compose: () => [],
    async start() {
      state = 'running';
    },
    async stop() {
      state = 'off';
    },
    async reconfigure() {},
    account: () => account,
    isIdempotent: () => true,
    health: () => ({ [ACCOUNT]: { state } }),
  };
}
