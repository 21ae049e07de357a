/** Chats that people watch: messages go through the inbox, so that each gets its answer whatever happens to this worker. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { Inbox } from '../delivery/inbox.js';
import type { NewInboxMessage, StoredUpdate } from '../store/delivery/inbox.js';
import { readNewestMessages } from '../store/conversations/messages.js';
import { getSession, type Session, toSessionDocument } from '../store/conversations/sessions.js';
import { toMessageDocuments } from '../store/conversations/transcript.js';
import type { Store } from '../store/store.js';
import type { ChatEvent, ChatInput, ChatPosition, ChatService } from './chat-contract.js';
import type { PlacedMessage } from '../../../shared/api/sessions.js';
import { checkText } from '../turns/agent.js';
import type { Attachments } from '../files/attachments.js';
import { askAgain, choose, findQuestion, takeBack, webchatLane } from './chat-branches.js';
import { usedBefore } from '../store/idempotency.js';
import { ChatWatcher } from './chat-watcher.js';
import type { LiveTurns, LiveWatch } from '../turns/live-turns.js';
import type { Transaction } from '../store/transaction.js';

export interface ChatServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly live: LiveTurns;
  readonly inbox: Pick<Inbox, 'storeIn' | 'wake'>;
  readonly attachments: Pick<Attachments, 'attach'>;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
  /** @returns whether something was being said there */
  stopTurns(session: string): boolean;
}

/** What somebody who opens a chat sees at first; the rest is asked for page by page. */
const FIRST_PAGE = 60;
const OVERLAP_LOOK_MS = 250;

function foreignSession({ channel }: Session): GatewayError {
  return new GatewayError('CONFLICT', {
    message: `this session belongs to the channel '${channel}'`,
    hint: 'Continue it here with: POST /api/sessions/:key/fork',
  });
}

/** One that is written to here. */
async function openOwn(tx: Transaction, key: string): Promise<Session> {
  const session = await getSession(tx, key);
  if (session.channel !== 'webchat') throw foreignSession(session);
  return session;
}

interface Opening {
  readonly session: Session;
  readonly messages: readonly PlacedMessage[];
  readonly lastSeq: number;
  readonly isReset: boolean;
  readonly hasOlder: boolean;
}

/** What a watcher gets first. What it has may have been taken back meanwhile: then all of it is given anew. */
async function open(tx: Transaction, key: string, { afterSeq }: ChatPosition): Promise<Opening> {
  const session = await getSession(tx, key);
  const known =
    afterSeq === undefined || afterSeq === 0
      ? []
      : await readNewestMessages(tx, { sessionId: session.id, limit: 1, afterSeq: afterSeq - 1, beforeSeq: afterSeq + 1 });
  if (known.length > 0 && afterSeq !== undefined) return { session, messages: [], lastSeq: afterSeq, isReset: false, hasOlder: false };
  const newest = await readNewestMessages(tx, { sessionId: session.id, limit: FIRST_PAGE + 1 });
  const rows = newest.slice(0, FIRST_PAGE).toReversed();
  return {
    session,
    messages: await toMessageDocuments(tx, rows, true),
    lastSeq: rows.at(-1)?.seq ?? 0,
    isReset: afterSeq !== undefined && afterSeq !== 0,
    hasOlder: newest.length > FIRST_PAGE,
  };
}

/** Waits for a change. What another worker does in its last seconds cannot be heard of: then it is looked for. */
async function nextLook(
  options: ChatServiceOptions,
  watch: LiveWatch,
  { version, signal }: { version: number; signal: AbortSignal },
): Promise<void> {
  if (options.liveInstanceIds().every((id) => id === options.instanceId)) return watch.changed(version, signal);
  const over = new AbortController();
  const cancel = options.clock.after(OVERLAP_LOOK_MS, () => over.abort());
  await watch.changed(version, AbortSignal.any([signal, over.signal]));
  cancel();
}

async function* follow(
  options: ChatServiceOptions,
  key: string,
  context: { position: ChatPosition; signal: AbortSignal },
): AsyncGenerator<ChatEvent> {
  const { store, live } = options;
  const { position, signal } = context;
  const watch = live.watch(key);
  try {
    let version = watch.version;
    const { session, messages, lastSeq, isReset, hasOlder } = await store.read((tx) => open(tx, key, position));
    if (isReset) yield { type: 'reset' };
    for (const { seq, ...message } of messages) yield { type: 'message', seq, message };
    const watcher = new ChatWatcher(options, { session, watch, lastSeq });
    for (const message of messages) watcher.note(message);
    yield* watcher.newMessages();
    if (!isReset) watcher.resume(position.turn);
    // Before the rest: who has something to send waits for an answer that is being given.
    let shown: string | undefined;
    if (watch.turn?.state === 'running') {
      shown = watch.turn.id;
      yield* watcher.announce();
    }
    yield { type: 'current', hasOlder };
    while (!signal.aborted) {
      yield* watcher.elsewhere();
      if (watch.turn?.state === 'running' && watch.turn.id !== shown) {
        shown = watch.turn.id;
        yield* watcher.announce();
      }
      yield* watcher.news();
      await nextLook(options, watch, { version, signal });
      if (signal.aborted) return;
      yield* watcher.rewound(watch.rewoundSince(version));
      version = watch.version;
      // Words alone change nothing on disk.
      if (watch.turn?.state !== 'running' || watch.turn.id !== shown) yield* watcher.newMessages();
    }
  } finally {
    watch.close();
  }
}

export function createChatService(options: ChatServiceOptions): ChatService {
  const { store, live, inbox } = options;
  /** Runs in a write. A message for the agent, through the inbox. */
  async function take(
    tx: Transaction,
    { key }: Session,
    { updateId, ...message }: Pick<NewInboxMessage, 'updateId' | 'content' | 'questionId'>,
  ): Promise<StoredUpdate> {
    const place = { ...webchatLane(key), scope: 'webchat', updateId: `${key} ${updateId}`, peerKind: 'direct' as const };
    const [stored] = await inbox.storeIn(tx, [{ ...place, ...message }]);
    if (stored === undefined) throw new Error('the inbox stored nothing');
    return stored;
  }
  function told(key: string, done: Pick<StoredUpdate, 'id' | 'isRepeated'> & { fromSeq: number | undefined }, content: string) {
    if (done.fromSeq !== undefined) live.rewind(key, done.fromSeq);
    inbox.wake({ ...webchatLane(key), content });
    return { messageId: done.id, isRepeated: done.isRepeated };
  }
  return {
    watch: (session, position, signal) => follow(options, session, { position, signal }),
    async send({ session: key, content, key: updateId, replaceFrom, attachments = [] }: ChatInput) {
      const text = checkText('content', content).toWellFormed();
      const done = await store.write(async (tx) => {
        const session = await openOwn(tx, key);
        const stored = await take(tx, session, { updateId, content: text });
        if (stored.content !== text) throw usedBefore('key', updateId, 'message');
        if (!stored.isRepeated) await options.attachments.attach(tx, { sessionId: session.id, messageId: stored.id, ids: attachments });
        const isNewBranch = replaceFrom !== undefined && !stored.isRepeated;
        const fromSeq = isNewBranch ? await takeBack(tx, { session, messageId: replaceFrom, nextId: stored.id }) : undefined;
        return { ...stored, fromSeq };
      });
      return told(key, done, text);
    },
    async regenerate({ session: key, messageId, key: updateId }) {
      const done = await store.write(async (tx) => {
        const session = await openOwn(tx, key);
        const question = await findQuestion(tx, { session, messageId });
        const { id: nextId, isRepeated } = await take(tx, session, { updateId, content: question.content, questionId: question.id });
        if (!isRepeated) await askAgain(tx, { session, messageId, nextId, question });
        return { id: question.id, isRepeated, fromSeq: isRepeated ? undefined : question.seq };
      });
      return told(key, done, '');
    },
    async choose(key, messageId) {
      const { session, fromSeq } = await store.write(async (tx) => {
        const chosen = await choose(tx, { session: await getSession(tx, key), messageId });
        return { session: await getSession(tx, key), fromSeq: chosen };
      });
      if (fromSeq !== undefined) live.rewind(key, fromSeq);
      return toSessionDocument(session);
    },
    stop: (session) => options.stopTurns(session),
    isAnswering: (session) => live.isRunning(session),
  };
}
