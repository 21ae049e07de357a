/** Sends messages to chats, and handles messages as if a chat had sent them. */
import type { MessageRequest, MessageSyncResponse } from '../../../shared/api/messages.js';
import type { Config } from '../../../shared/config/schema.js';
import { definedFields } from '../../../shared/fields.js';
import { newId } from '../../../shared/ids.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { withCutOff } from '../../../shared/text/cut-off.js';
import { chooseModels } from '../turns/model/model-choice.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { type MessageEvent, messageEvent } from '../delivery/message-event.js';
import type { Outbox } from '../delivery/outbox.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { type Accepted, acceptMessages } from '../store/delivery/accept.js';
import type { Lane } from '../store/delivery/outbox.js';
import type { Decider } from '../store/approvals/approvals.js';
import { findSession } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { checkText } from '../turns/agent.js';
import { type CallerKey, hashRequest, keyUse } from '../store/idempotency.js';
import type { KeyedTurns } from '../turns/keyed-turns.js';
import type { LiveTurns } from '../turns/live-turns.js';
import { type Chat, findChat } from '../sessions/find-chat.js';
import type { TurnEvent } from '../turns/turn-event.js';
import { deliverReply } from '../turns/steps/reply-delivery.js';
import type { SendPort } from '../tools/send.js';
import type { Span } from '../tracing/span.js';
import type { TurnRequest } from '../turns/turn-request.js';
import type { TurnRunner } from '../turns/turn-runner.js';

export interface AcceptOptions {
  readonly store: Store;
  readonly channels: ChannelRegistry;
  readonly outbox: Pick<Outbox, 'compose' | 'enqueue' | 'wake'>;
  readonly live: Pick<LiveTurns, 'touch'>;
  readonly config: () => Config;
  /** Called with a message once it is accepted. */
  readonly publish: (event: MessageEvent) => void;
}

export interface MessageServiceOptions extends AcceptOptions {
  readonly accept: AcceptMessage;
  readonly turns: TurnRunner;
  readonly keyed: Pick<KeyedTurns, 'run'>;
  readonly registry: () => ProviderRegistry;
  readonly logger: LogPort;
}

type SyncReply = Omit<MessageSyncResponse, 'status'>;

/** How a message is handled. */
interface SyncOptions {
  /** Whether the reply is also sent to the chat. */
  readonly deliver: boolean;
  readonly signal: AbortSignal;
  readonly idempotency?: CallerKey;
  /** The access token that sends the message and is charged. */
  readonly tokenId?: string;
  /** Who decides if the message is a decision about an approval. Default: the chat. */
  readonly decider?: Decider;
  readonly span?: Span;
}

/** The properties by which messages are compared. */
const partsOf = ({ channel, accountId, chatId }: Lane, content: string): string[] => [channel, accountId, chatId, content];

/** @throws CHANNEL_NOT_FOUND */
const chatOf = ({ channel, accountId, chat_id: chatId }: MessageRequest, options: AcceptOptions): Chat =>
  findChat(options, { channel, accountId, chatId });

async function collectReply(events: AsyncIterable<TurnEvent>): Promise<SyncReply> {
  for await (const event of events) {
    if (event.type === 'done') return { reply: withCutOff(event.reply, event.cutOff), ...definedFields({ approvals: event.approvals }) };
    if (event.type === 'error') throw event.error;
  }
  throw new Error('stream closed without a terminal event');
}

/**
 * Accepts a message for a chat: on disk when this resolves. The same key with the same message returns the first result again.
 * @throws CHANNEL_NOT_FOUND; INVALID_REQUEST; CONFLICT for a key used with another message; UNAVAILABLE while nothing can be stored
 */
export type AcceptMessage = (message: MessageRequest, caller?: CallerKey) => Promise<Accepted>;

export function createAcceptMessage(options: AcceptOptions): AcceptMessage {
  const { store, outbox, live, publish } = options;
  return async (message, caller) => {
    const { channel, session, lane } = chatOf(message, options);
    const { accountId, chatId } = lane;
    channel.checkReceiver?.(accountId);
    const content = checkText('content', message.content);
    // Not `...lane`: this route takes bursts, and V8 builds an object from a spread much more slowly.
    const stored = outbox.compose({ channel: lane.channel, accountId, chatId, id: newId('msg'), content });
    const use = keyUse('message', caller, partsOf(lane, content));
    const accepted = await store.writeItem(acceptMessages, { message: stored, session, use });
    if (!accepted.replayed) publish(messageEvent(stored, 'queued'));
    if (stored.bodies.length > 0) outbox.wake(lane);
    live.touch(session.key);
    return accepted;
  };
}

export type MessageService = ReturnType<typeof createMessageService>;

export function createMessageService(options: MessageServiceOptions) {
  const { store, turns, accept } = options;

  async function prepareTurn(
    { agent, session, lane }: Chat,
    { text, deliver, tokenId, decider, span }: { text: string } & Omit<SyncOptions, 'signal' | 'idempotency'>,
  ): Promise<TurnRequest> {
    const known = await store.read((tx) => findSession(tx, session.key));
    const choice = { requested: undefined, session: known?.model ?? null, agent, config: options.config() };
    const candidates = await chooseModels(choice, options.registry());
    const delivery = deliver ? { replyTo: lane, hooks: deliverReply(options, lane) } : {};
    const origin = tokenId === undefined ? {} : { tokenId };
    return { agent, session, mustExist: false, text, candidates, asker: 'chat', decider, origin, span, ...delivery };
  }

  return {
    accept,

    /** Handles a message as if that chat had sent it. */
    async sync(message: MessageRequest, asked: SyncOptions): Promise<SyncReply> {
      const { deliver, signal, idempotency: caller } = asked;
      const chat = chatOf(message, options);
      const text = checkText('content', message.content);
      const prepare = () => prepareTurn(chat, { ...asked, text });
      const bodyHash = hashRequest([...partsOf(chat.lane, text), deliver]);
      const events =
        caller === undefined
          ? turns.start(await prepare(), signal)
          : options.keyed.run({ scope: 'message/sync', caller, bodyHash, prepare }, signal);
      return collectReply(events);
    },
  };
}

/** Tools write to chats as programs do. The page is not a target, because it is open anyway. */
export function createSendPort(channels: ChannelRegistry, accept: AcceptMessage): SendPort {
  return {
    channels: () => [...new Set(channels.accounts().map(({ channel }) => channel))].filter((name) => name !== 'webchat'),
    send: async ({ chatId, ...message }, key) => (await accept({ ...message, chat_id: chatId }, { key })).messageId,
  };
}
