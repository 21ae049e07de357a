/** Follows a session for one watcher: messages come from the store, the answer in progress from the worker that generates it. */
import type { PlacedMessage } from '../../../shared/api/sessions.js';
import type { ChatEvent, ChatPosition } from '../../../shared/api/socket.js';
import { withSignal } from '../../../shared/node/signals.js';
import { readMessagesAfter, readNewestMessages } from '../store/conversations/messages.js';
import { getSession } from '../store/conversations/sessions.js';
import { toMessageDocuments } from '../store/conversations/transcript.js';
import { readTurnParts } from '../store/conversations/turn-parts.js';
import { readRunningTurns, readTurnState } from '../store/conversations/turns.js';
import type { Transaction } from '../store/transaction.js';
import type { Deps } from '../store/tasks/worker-deps.js';
import type { LiveTurn, LiveTurns, LiveWatch } from '../turns/live-turns.js';

export interface WatcherOptions extends Deps<'store' | 'clock' | 'instanceId' | 'liveness'> {
  readonly live: LiveTurns;
}

/** Number of messages that a watcher gets at first; it requests older ones page by page. */
const FIRST_PAGE = 60;
const PAGE = 200;
/** How often to poll the store while another worker may change it and there are no notifications. */
const OVERLAP_POLL_MS = 250;

interface Opening {
  readonly sessionId: number;
  readonly messages: readonly PlacedMessage[];
  readonly lastSeq: number;
  /** The ended turn of the last message that the watcher has. */
  readonly answered?: string | undefined;
  /** The watcher's position is invalid, because its messages were removed. */
  readonly isReset: boolean;
  readonly hasOlder: boolean;
}

async function open(tx: Transaction, key: string, afterSeq = 0): Promise<Opening> {
  const { id: sessionId } = await getSession(tx, key);
  const known = afterSeq > 0 ? await readNewestMessages(tx, { sessionId, limit: 1, afterSeq: afterSeq - 1, beforeSeq: afterSeq + 1 }) : [];
  if (known.length > 0) {
    const [last] = await toMessageDocuments(tx, known, false);
    return { sessionId, messages: [], lastSeq: afterSeq, answered: last?.turn?.id, isReset: false, hasOlder: false };
  }
  const newest = await readNewestMessages(tx, { sessionId, limit: FIRST_PAGE + 1 });
  const rows = newest.slice(0, FIRST_PAGE).toReversed();
  const messages = await toMessageDocuments(tx, rows, true);
  return { sessionId, messages, lastSeq: rows.at(-1)?.seq ?? 0, isReset: afterSeq > 0, hasOlder: newest.length > FIRST_PAGE };
}

/**
 * Follows a session until the signal aborts. Each event is created when the reader asks for it, so a slow reader gets fewer, larger
 * events and costs no memory.
 * @throws SESSION_NOT_FOUND
 */
export async function* watchChat(
  options: WatcherOptions,
  key: string,
  { position, signal }: { position: ChatPosition; signal: AbortSignal },
): AsyncGenerator<ChatEvent> {
  const { live, liveness } = options;
  const watch = live.watch(key);
  const touch = (): void => live.touch(key);
  const ends = [liveness.onChange(`chat:${key}`, touch)];
  try {
    let { version } = watch;
    const opening = await options.store.read((tx) => open(tx, key, position.after));
    ends.push(liveness.onChange(`session:${opening.sessionId}`, touch));
    const watcher = new ChatWatcher(options, watch, opening);
    yield* watcher.open(position);
    while (!signal.aborted) {
      yield* watcher.announce();
      yield* watcher.answer();
      yield* watcher.left();
      yield* watcher.elsewhere();
      await watcher.changed(version, signal);
      if (signal.aborted) return;
      yield* watcher.rewound(watch.rewoundSince(version));
      ({ version } = watch);
      if (watcher.mayHaveMessages) yield* watcher.messages();
    }
  } finally {
    for (const end of ends) end();
    watch.close();
  }
}

/** The answer that the watcher sees: `length` characters of its text and `tools` tool calls have been sent. */
interface Seen {
  readonly id: string;
  length: number;
  tools: number;
  isEnded: boolean;
}

class ChatWatcher {
  readonly #options: WatcherOptions;
  readonly #watch: LiveWatch;
  readonly #opening: Opening;
  #lastSeq: number;
  #position: ChatPosition['turn'];
  #seen: Seen | undefined;
  /** The turn whose end the watcher waits for, and the state that it was last sent. */
  #told: { readonly id: string; readonly state: 'running' | 'waiting' } | undefined;
  /** The turn of this worker last sent as running. */
  #announced: string | undefined;
  /** The turn of the last message that the watcher has: its end may not have been sent yet. */
  #answered: string | undefined;
  /** The turn that ended before all messages were read, so that all of its messages have been sent. */
  #complete: string | undefined;
  /** The answer of another worker. `readFrom`: where the next part of its text begins. */
  #elsewhere: { id: string; length: number; readFrom: number } | undefined;

  constructor(options: WatcherOptions, watch: LiveWatch, opening: Opening) {
    this.#options = options;
    this.#watch = watch;
    this.#opening = opening;
    this.#lastSeq = opening.lastSeq;
    this.#answered = opening.answered;
  }

  get #running(): LiveTurn | undefined {
    const { turn } = this.#watch;
    return turn?.state === 'running' ? turn : undefined;
  }

  async *open({ turn }: ChatPosition): AsyncGenerator<ChatEvent> {
    const { messages, isReset, hasOlder } = this.#opening;
    if (isReset) yield { type: 'reset' };
    yield* this.#messageEvents(messages);
    yield* this.messages();
    if (!isReset) this.#resume(turn);
    yield* this.left();
    // Sent before `current`, because a client with a message to send waits while an answer is in progress.
    yield* this.announce();
    yield { type: 'current', hasOlder };
  }

  /** Continues within an answer of which the watcher has the beginning. */
  #resume(turn: ChatPosition['turn']): void {
    this.#position = turn;
    this.#told = turn && { id: turn.id, state: 'running' };
    const now = this.#watch.turn;
    if (turn === undefined || now?.id !== turn.id) return;
    if (turn.length <= now.text.length && turn.tools <= now.tools.length) this.#seen = { ...turn, isEnded: false };
  }

  *#messageEvents(messages: readonly PlacedMessage[]): Generator<ChatEvent> {
    for (const { seq, ...message } of messages) {
      this.#lastSeq = seq;
      this.#answered = message.turn?.id ?? this.#answered;
      yield { type: 'message', seq, message };
    }
  }

  /** New text alone does not change the store. */
  get mayHaveMessages(): boolean {
    return this.#running === undefined || this.#running.id !== this.#announced;
  }

  /** New messages in the store. */
  async *messages(): AsyncGenerator<ChatEvent> {
    const { turn } = this.#watch;
    const ended = turn?.state === 'running' ? undefined : turn?.id;
    for (;;) {
      const range = { sessionId: this.#opening.sessionId, afterSeq: this.#lastSeq, limit: PAGE };
      const messages = await this.#options.store.read(async (tx) => {
        const rows = await readMessagesAfter(tx, range);
        return toMessageDocuments(tx, rows, rows.length < PAGE);
      });
      yield* this.#messageEvents(messages);
      if (messages.length < PAGE) break;
    }
    this.#complete = ended;
  }

  *rewound(fromSeq: number | undefined): Generator<ChatEvent> {
    if (fromSeq === undefined || fromSeq > this.#lastSeq) return;
    this.#lastSeq = fromSeq - 1;
    yield { type: 'rewound', fromSeq };
  }

  /** A running turn that the watcher does not know: which answer the next deltas belong to. */
  *announce(): Generator<ChatEvent> {
    const now = this.#running;
    // A turn that has waited for a decision starts over.
    const isAgain = this.#seen?.isEnded === true && this.#seen.id === now?.id;
    if (now === undefined || (now.id === this.#announced && !isAgain)) return;
    this.#announced = now.id;
    if (now.id === this.#answered) return;
    if (this.#seen?.id !== now.id || isAgain) this.#seen = { id: now.id, length: 0, tools: 0, isEnded: false };
    const { replaces } = now;
    this.#told = { id: now.id, state: 'running' };
    this.#elsewhere = undefined;
    yield { type: 'turn', turn: now.id, state: 'running', at: this.#seen.length, elsewhere: false, ...(replaces && { replaces }) };
  }

  /**
   * Sends the new part of the answer and, after its messages, its end; also for an answer that began and ended during one read of
   * the store.
   */
  *answer(): Generator<ChatEvent> {
    const now = this.#watch.turn;
    if (now === undefined || (now.id === this.#watch.past && now.id !== this.#seen?.id)) return;
    if (this.#seen?.id !== now.id) this.#seen = { id: now.id, length: 0, tools: 0, isEnded: false };
    const seen = this.#seen;
    if (seen.isEnded) return;
    yield* this.#grown(now, seen);
    // The text of an interrupted attempt stays visible until the next attempt replaces it.
    if (now.state !== 'running' && now.state !== 'again' && now.id === this.#complete) {
      yield this.#end(now.id, now.state);
    }
  }

  /** Creates the event of a turn's end, or of its wait for a decision, after which it starts over. */
  #end(turn: string, state: 'waiting' | 'done' | 'aborted' | 'error'): ChatEvent {
    this.#told = state === 'waiting' ? { id: turn, state } : undefined;
    if (this.#watch.turn?.id === turn) this.#seen = { id: turn, length: 0, tools: 0, isEnded: true };
    this.#position = undefined;
    this.#elsewhere = undefined;
    return { type: 'turn', turn, state };
  }

  /**
   * The end, or the wait, of the turn that the watcher was last told of, if this worker does not run it: it ended in another worker,
   * before the watch, or while it waited for a decision.
   */
  async *left(): AsyncGenerator<ChatEvent> {
    const told = this.#told;
    if (told === undefined || told.id === this.#running?.id) return;
    const state = await this.#options.store.read((tx) => readTurnState(tx, told.id));
    if (state === undefined || state === 'running' || state === told.state) return;
    yield* this.messages();
    yield this.#end(told.id, state === 'interrupted' ? 'error' : state);
  }

  *#grown(now: LiveTurn, seen: Seen): Generator<ChatEvent> {
    // A stored answer was sent as a message.
    if (now.state !== 'running' || now.id === this.#answered) return;
    while (seen.tools < now.tools.length) {
      const tool = now.tools[seen.tools];
      seen.tools += 1;
      if (tool !== undefined) yield { type: 'tool', turn: now.id, index: seen.tools - 1, tool };
    }
    if (now.text.length > seen.length) {
      const at = seen.length;
      seen.length = now.text.length;
      yield { type: 'delta', turn: now.id, at, text: now.text.slice(at) };
    }
  }

  /** Reads the stored text of an answer from another worker; there is none while this worker answers here. */
  async *elsewhere(): AsyncGenerator<ChatEvent> {
    const { store, instanceId } = this.#options;
    if (this.#running !== undefined || this.#options.liveness.isAlone()) return;
    const running = await store.read(readRunningTurns);
    const other = running.find((turn) => turn.sessionId === this.#opening.sessionId && turn.instanceId !== instanceId);
    if (other === undefined) return;
    if (other.id !== this.#elsewhere?.id) {
      const known = this.#position?.id === other.id ? this.#position.length : 0;
      this.#elsewhere = { id: other.id, length: known, readFrom: 0 };
      this.#told = { id: other.id, state: 'running' };
      yield { type: 'turn', turn: other.id, state: 'running', at: known, elsewhere: true };
    }
    const seen = this.#elsewhere;
    for (const { at, text } of await store.read((tx) => readTurnParts(tx, { turnId: seen.id, at: seen.readFrom }))) {
      seen.readFrom = at + text.length;
      if (seen.readFrom <= seen.length) continue;
      yield { type: 'delta', turn: seen.id, at: seen.length, text: text.slice(seen.length - at) };
      seen.length = seen.readFrom;
    }
  }

  /** Resolves on a change, on abort, or after a while if another worker may have changed something, or has died in a turn. */
  async changed(version: number, signal: AbortSignal): Promise<void> {
    const lookMs = this.#options.liveness.lookAgainMs(OVERLAP_POLL_MS) ?? (this.#elsewhere && OVERLAP_POLL_MS);
    if (lookMs === undefined) return this.#watch.changed(version, signal);
    const expired = new AbortController();
    const cancel = this.#options.clock.after(lookMs, () => expired.abort());
    await withSignal([signal, expired.signal], (either) => this.#watch.changed(version, either));
    cancel();
  }
}
