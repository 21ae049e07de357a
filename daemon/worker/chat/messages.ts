/** Messages for chats, and messages as if a chat had sent them. */
import type { MessageRequest } from '../../../shared/api/messages.js';
import type { Clock } from '../../../shared/clock.js';
import type { AgentConfig, Config } from '../../../shared/config/schema.js';
import { newId } from '../../../shared/ids.js';
import { chooseModels } from '../turns/model/model-choice.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { type MessageEvent, messageEvent } from '../delivery/message-event.js';
import type { Outbox } from '../delivery/outbox.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { type Acceptance, storeAcceptance } from '../store/delivery/accept.js';
import type { Lane } from '../store/delivery/outbox.js';
import { findSession, type NewSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { checkText } from '../turns/agent.js';
import { findAgent } from '../config/agents.js';
import { type CallerKey, hashRequest, type KeyUse, once } from '../store/idempotency.js';
import type { KeyedTurns } from '../turns/keyed-turns.js';
import type { LiveTurns } from '../turns/live-turns.js';
import { sessionOf } from '../sessions/session-key.js';
import type { TurnEvent } from '../turns/turn-event.js';
import type { TurnHooks } from '../turns/turn-journal.js';
import type { TurnRequest, TurnRunner } from '../turns/turn-runner.js';
import type { Transaction } from '../store/transaction.js';

export interface MessageServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'compose' | 'enqueue' | 'wake'>;
  readonly turns: TurnRunner;
  readonly keyed: Pick<KeyedTurns, 'run'>;
  readonly live: Pick<LiveTurns, 'touch'>;
  config(): Config;
  registry(): ProviderRegistry;
  /** Called with a message once it is accepted. */
  readonly publish: (event: MessageEvent) => void;
}

const IDEMPOTENCY_SCOPE = 'message';

/** Two requests with the same hash ask for the same. */
function hashBody({ channel, accountId, chatId }: Lane, content: string): string {
  return hashRequest([channel, accountId, chatId, content]);
}

async function collectReply(events: AsyncIterable<TurnEvent>): Promise<string> {
  for await (const event of events) {
    if (event.type === 'done') return event.reply;
    if (event.type === 'error') throw event.error;
  }
  throw new Error('stream closed without a terminal event');
}

/** A chat's session with the agent that answers there. */
interface Chat {
  readonly agent: AgentConfig;
  readonly session: NewSession;
  readonly lane: Lane;
}

interface Accepted {
  readonly messageId: string;
  /** It is the result of an earlier request with the same key. */
  readonly replayed: boolean;
}

/** Runs in a write. */
async function acceptOnce(tx: Transaction, acceptance: Acceptance, use: KeyUse): Promise<Accepted> {
  const act = async (): Promise<string> => {
    await storeAcceptance(tx, acceptance);
    return acceptance.message.id;
  };
  const { result, isRepeated } = await once(tx, { use, nowMs: acceptance.message.nowMs, act });
  return { messageId: result, replayed: isRepeated };
}

export type MessageService = ReturnType<typeof createMessageService>;

export function createMessageService(options: MessageServiceOptions) {
  const { store, channels, outbox, turns } = options;

  /** The chat's session with the agent that answers there. */
  function findChat({ channel: name, accountId: wanted, chat_id: chatId }: MessageRequest): Chat {
    const { channel, accountId } = channels.getAccount(name, wanted);
    const { peerKind, agentId, peerId = chatId } = channel.describeChat(accountId, chatId);
    const agent = findAgent(options.config(), agentId);
    const session = sessionOf({ agentId: agent.id, channel: channel.name, accountId, peerKind, peerId });
    return { agent, session, lane: { channel: channel.name, accountId, chatId } };
  }

  async function prepareTurn({ agent, session, lane }: Chat, { text, deliver }: { text: string; deliver: boolean }): Promise<TurnRequest> {
    const known = await store.read((tx) => findSession(tx, session.key));
    const choice = { requested: undefined, session: known?.model ?? null, agent, config: options.config() };
    const candidates = await chooseModels(choice, options.registry());
    const hooks: TurnHooks = {
      // With the answer, so that it is not lost between the two.
      async ended(tx, { state, reply, replyId }) {
        if (deliver && state === 'done' && reply !== '') await outbox.enqueue(tx, { ...lane, id: replyId, content: reply });
        return true;
      },
      // The caller may have gone.
      committed: () => outbox.wake(lane),
    };
    return { agent, session, mustExist: false, text, candidates, runsCommands: true, hooks };
  }

  return {
    /**
     * Accepts a message for a chat: on disk when it resolves. The same key with the same message gives the first result again.
     * @throws CHANNEL_NOT_FOUND; CONFLICT for a key that another message had; UNAVAILABLE while nothing can be stored
     */
    async accept(message: MessageRequest, { idempotencyKey: key }: { idempotencyKey?: string | undefined }): Promise<Accepted> {
      const { session, lane } = findChat(message);
      const content = checkText('content', message.content);
      const { channel, accountId, chatId } = lane;
      const stored = outbox.compose({ channel, accountId, chatId, id: newId('msg'), content });
      const acceptance = { message: stored, session };
      let accepted: Accepted = { messageId: stored.id, replayed: false };
      if (key === undefined) await store.write((tx) => storeAcceptance(tx, acceptance));
      else
        accepted = await store.write((tx) =>
          acceptOnce(tx, acceptance, { scope: IDEMPOTENCY_SCOPE, key, bodyHash: hashBody(lane, content) }),
        );
      if (!accepted.replayed) options.publish(messageEvent(stored, 'queued'));
      if (stored.bodies.length > 0) outbox.wake(lane);
      options.live.touch(session.key);
      return accepted;
    },

    /** Handles a message as if that chat had sent it. `deliver` also sends the reply to the chat. */
    async sync(
      message: MessageRequest,
      { deliver, signal, idempotency: caller }: { deliver: boolean; signal: AbortSignal; idempotency?: CallerKey },
    ): Promise<{ reply: string }> {
      const chat = findChat(message);
      const text = checkText('content', message.content);
      const prepare = () => prepareTurn(chat, { text, deliver });
      const bodyHash = hashRequest([hashBody(chat.lane, text), deliver]);
      const events =
        caller === undefined
          ? turns.start(await prepare(), signal)
          : options.keyed.run({ scope: 'message/sync', caller, bodyHash, prepare }, signal);
      return { reply: await collectReply(events) };
    },
  };
}
