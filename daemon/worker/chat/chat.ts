/** Chats that people watch live. Messages go through the inbox, so that each gets its answer whatever happens to this worker. */
import type { SessionDocument } from '../../../shared/api/sessions.js';
import type { ChatEvent, ChatMessage, ChatPosition, ChatRegeneration } from '../../../shared/api/socket.js';
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import { webchatLane } from '../channels/webchat.js';
import { findAgent } from '../config/agents.js';
import type { Inbox } from '../delivery/inbox.js';
import type { Attachments } from '../files/attachments.js';
import { getSession, type Session, toSessionDocument } from '../store/conversations/sessions.js';
import type { NewInboxMessage, StoredUpdate } from '../store/delivery/inbox.js';
import { withdrawInbox } from '../store/delivery/inbox-stops.js';
import { usedBefore } from '../store/idempotency.js';
import type { Transaction } from '../store/transaction.js';
import { checkText } from '../turns/agent.js';
import { askAgain, choose, findQuestion, takeBack } from './chat-branches.js';
import { watchChat, type WatcherOptions } from './chat-watcher.js';

export interface ChatServiceOptions extends WatcherOptions {
  readonly inbox: Pick<Inbox, 'storeOne' | 'wake'>;
  readonly attachments: Pick<Attachments, 'attach'>;
  readonly config: () => Config;
  /** @returns whether an answer was in progress */
  stopTurns(session: string): Promise<boolean>;
}

/** `messageId`: id of the question. `isRepeated`: the same key was used before. */
interface Accepted {
  readonly messageId: string;
  readonly isRepeated: boolean;
}

/** Scope of this channel's messages in the inbox. */
const SCOPE = 'webchat';
const updateIdOf = (session: string, key: string): string => `${session} ${key}`;

/** Opens a session that can be written to from the page. */
async function openOwn(tx: Transaction, key: string): Promise<Session> {
  const session = await getSession(tx, key);
  if (session.channel === 'webchat') return session;
  throw new GatewayError('CONFLICT', {
    message: `this session belongs to the channel '${session.channel}'`,
    hint: 'Continue it here with: POST /api/sessions/:key/fork',
  });
}

/** The service's public methods. */
export type ChatService = Pick<Chat, keyof Chat>;

export class Chat {
  readonly #options: ChatServiceOptions;

  constructor(options: ChatServiceOptions) {
    this.#options = options;
  }

  /** Follows a session until the signal aborts. @throws SESSION_NOT_FOUND */
  watch(session: string, position: ChatPosition, signal: AbortSignal): AsyncIterable<ChatEvent> {
    return watchChat(this.#options, session, { position, signal });
  }

  /**
   * Accepts a message for the agent. It is on disk when this resolves, and any live worker answers it. @param tokenId  the access
   * token that sends it and is charged
   * @throws SESSION_NOT_FOUND; CONFLICT for a session of another channel, for a key that was used with different content or whose message
   * was taken back, and for `replaceFrom` while an answer is in progress; INVALID_REQUEST if the session's agent was removed or disabled
   */
  async send(
    { session: key, content, key: updateId, replaceFrom, attachments = [] }: ChatMessage,
    tokenId: string | undefined,
  ): Promise<Accepted> {
    const text = checkText('content', content, { hasFiles: attachments.length > 0 });
    const done = await this.#options.store.write(async (tx) => {
      const session = await openOwn(tx, key);
      const { id: messageId, isRepeated, content: known } = await this.#storeInInbox(tx, session, { updateId, content: text, tokenId });
      if (known !== text) throw usedBefore('key', updateId, 'message');
      if (isRepeated) return { messageId, isRepeated, fromSeq: undefined };
      await this.#checkAgent(tx, session);
      await this.#options.attachments.attach(tx, { sessionId: session.id, messageId, ids: attachments });
      if (replaceFrom === undefined) return { messageId, isRepeated, fromSeq: undefined };
      return { messageId, isRepeated, fromSeq: await takeBack(tx, { session, messageId: replaceFrom, nextId: messageId }) };
    });
    return this.#accepted(key, done, text);
  }

  /** Requests another answer to a message's question; earlier answers stay as variants. Same parameters and errors as {@link send}. */
  async regenerate({ session: key, messageId, key: updateId }: ChatRegeneration, tokenId: string | undefined): Promise<Accepted> {
    const done = await this.#options.store.write(async (tx) => {
      const session = await openOwn(tx, key);
      const question = await findQuestion(tx, { session, messageId });
      const update = { updateId, content: question.content, questionId: question.id, tokenId };
      const { id: nextId, isRepeated } = await this.#storeInInbox(tx, session, update);
      if (isRepeated) return { messageId: question.id, isRepeated, fromSeq: undefined };
      await this.#checkAgent(tx, session);
      await askAgain(tx, { session, messageId, nextId, question });
      return { messageId: question.id, isRepeated, fromSeq: question.seq };
    });
    return this.#accepted(key, done, '');
  }

  /**
   * Makes a variant part of the conversation, with the newest messages that followed it.
   * @throws SESSION_NOT_FOUND; CONFLICT for a message of another session, and while an answer is in progress
   */
  async choose(key: string, messageId: string): Promise<SessionDocument> {
    const { session, fromSeq } = await this.#options.store.write(async (tx) => {
      const chosen = await choose(tx, { session: await getSession(tx, key), messageId });
      return { session: await getSession(tx, key), fromSeq: chosen };
    });
    if (fromSeq !== undefined) this.#options.live.rewind(key, fromSeq);
    return toSessionDocument(session);
  }

  /**
   * Stops the answer in progress, here or in another worker; its text is kept.
   * @param key  takes back the message with that key instead, if its answer has not begun
   * @returns whether there was such an answer or message
   */
  async stop(session: string, key?: string): Promise<boolean> {
    if (key === undefined) return this.#options.stopTurns(session);
    const { store, clock } = this.#options;
    const update = { scope: SCOPE, updateId: updateIdOf(session, key), nowMs: clock.now() };
    return store.write((tx) => withdrawInbox(tx, update));
  }

  /** Whether this worker is answering in the session. */
  isAnswering(session: string): boolean {
    return this.#options.live.isRunning(session);
  }

  /** Another gateway may have the session's agent. @throws INVALID_REQUEST if none has: no answer would follow */
  async #checkAgent(tx: Transaction, { agentId }: Session): Promise<void> {
    try {
      findAgent(this.#options.config(), agentId);
    } catch (error) {
      if (!(await this.#options.liveness.isServedElsewhere(tx, [`agent:${agentId}`]))) throw error;
    }
  }

  /** Runs in a transaction. @throws CONFLICT for a message that was taken back: there is no answer to wait for */
  async #storeInInbox(
    tx: Transaction,
    { key }: Session,
    { updateId, ...message }: Pick<NewInboxMessage, 'updateId' | 'content' | 'questionId' | 'tokenId'>,
  ): Promise<StoredUpdate> {
    const place = { ...webchatLane(key), scope: SCOPE, updateId: updateIdOf(key, updateId), peerKind: 'direct' as const };
    const stored = await this.#options.inbox.storeOne(tx, { ...place, ...message });
    if (stored.isTakenBack) throw new GatewayError('CONFLICT', { message: 'the message was taken back' });
    return stored;
  }

  #accepted(key: string, done: Accepted & { fromSeq: number | undefined }, content: string): Accepted {
    if (done.fromSeq !== undefined) this.#options.live.rewind(key, done.fromSeq);
    this.#options.inbox.wake({ ...webchatLane(key), content: done.isRepeated ? '' : content });
    return { messageId: done.messageId, isRepeated: done.isRepeated };
  }
}
