/** What one watcher of a chat has seen, and what comes next for it. */
import { readMessagesAfter } from '../store/conversations/messages.js';
import type { Session } from '../store/conversations/sessions.js';
import type { Store } from '../store/store.js';
import { readTurnParts } from '../store/conversations/turn-parts.js';
import { readRunningTurns } from '../store/conversations/turns.js';
import type { ChatEvent, ChatPosition } from './chat-contract.js';
import type { MessageDocument } from '../../../shared/api/sessions.js';
import { toMessageDocuments } from '../store/conversations/transcript.js';
import type { LiveTurn, LiveWatch } from '../turns/live-turns.js';

export interface WatcherOptions {
  readonly store: Store;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
}

const PAGE = 200;

/** What one watcher has seen; gives what comes next. */
export class ChatWatcher {
  readonly #options: WatcherOptions;
  readonly #session: Session;
  readonly #watch: LiveWatch;
  #lastSeq: number;
  #turn: { id: string; length: number; tools: number; isEnded: boolean } | undefined;
  #position: ChatPosition['turn'];
  /** The turn whose answer was given last as a message: its end may still be on its way. */
  #answered: string | undefined;
  /** `readFrom`: where the next part of its text that was not read yet begins. */
  #elsewhere: { id: string; length: number; readFrom: number } | undefined;

  constructor(options: WatcherOptions, watched: { session: Session; watch: LiveWatch; lastSeq: number }) {
    this.#options = options;
    this.#session = watched.session;
    this.#watch = watched.watch;
    this.#lastSeq = watched.lastSeq;
  }

  /** Goes on within an answer of which the watcher has the beginning. */
  resume(turn: ChatPosition['turn']): void {
    this.#position = turn;
    const now = this.#watch.turn;
    if (turn === undefined || now?.id !== turn.id) return;
    if (turn.length <= now.text.length && turn.tools <= now.tools.length) this.#turn = { ...turn, isEnded: false };
  }

  note({ turn }: MessageDocument): void {
    if (turn !== undefined) this.#answered = turn.id;
  }

  async *newMessages(): AsyncGenerator<ChatEvent> {
    for (;;) {
      const range = { sessionId: this.#session.id, afterSeq: this.#lastSeq, limit: PAGE };
      const messages = await this.#options.store.read(async (tx) => {
        const rows = await readMessagesAfter(tx, range);
        return toMessageDocuments(tx, rows, rows.length < PAGE);
      });
      for (const { seq, ...message } of messages) {
        this.#lastSeq = seq;
        this.note(message);
        yield { type: 'message', seq, message };
      }
      if (messages.length < PAGE) return;
    }
  }

  *rewound(fromSeq: number | undefined): Generator<ChatEvent> {
    if (fromSeq === undefined || fromSeq > this.#lastSeq) return;
    this.#lastSeq = fromSeq - 1;
    yield { type: 'rewound', fromSeq };
  }

  /** What is being said, as far as the watcher does not have it. */
  *news(): Generator<ChatEvent> {
    const now = this.#watch.turn;
    if (now === undefined || (now.id === this.#answered && now.id !== this.#turn?.id)) return;
    if (this.#turn?.id !== now.id) {
      if (now.state !== 'running') return;
      this.#turn = { id: now.id, length: 0, tools: 0, isEnded: false };
    }
    const seen = this.#turn;
    if (seen.isEnded) return;
    yield* this.#grown(now, seen);
    // What was said stays in sight until the next attempt replaces it.
    if (now.state !== 'running' && now.state !== 'again') {
      seen.isEnded = true;
      yield { type: 'turn', turn: now.id, state: now.state };
    }
  }

  /** Says which answer the next deltas belong to. */
  *announce(): Generator<ChatEvent> {
    const now = this.#watch.turn;
    if (now?.state !== 'running' || now.id === this.#answered) return;
    if (this.#turn?.id !== now.id) this.#turn = { id: now.id, length: 0, tools: 0, isEnded: false };
    const replaces = now.replaces && { replaces: { turn: now.replaces.id, text: now.replaces.text } };
    yield { type: 'turn', turn: now.id, state: 'running', at: this.#turn.length, isElsewhere: false, ...replaces };
  }

  /** An answer that another worker gives while it ends: what it has written down of it. */
  async *elsewhere(): AsyncGenerator<ChatEvent> {
    const { store, instanceId } = this.#options;
    const live = this.#options.liveInstanceIds();
    if (live.every((id) => id === instanceId)) return;
    const running = await store.read(readRunningTurns);
    const other = running.find((turn) => turn.session_id === this.#session.id && turn.instance_id !== instanceId);
    if (other === undefined) return;
    if (other.id !== this.#elsewhere?.id) {
      const known = this.#position?.id === other.id ? this.#position.length : 0;
      this.#elsewhere = { id: other.id, length: known, readFrom: 0 };
      yield { type: 'turn', turn: other.id, state: 'running', at: known, isElsewhere: true };
    }
    yield* this.#written(this.#elsewhere);
  }

  async *#written(seen: { id: string; length: number; readFrom: number }): AsyncGenerator<ChatEvent> {
    const parts = await this.#options.store.read((tx) => readTurnParts(tx, { turnId: seen.id, at: seen.readFrom }));
    for (const { at, text } of parts) {
      seen.readFrom = at + text.length;
      if (seen.readFrom <= seen.length) continue;
      yield { type: 'delta', turn: seen.id, at: seen.length, text: text.slice(seen.length - at) };
      seen.length = seen.readFrom;
    }
  }

  *#grown(now: LiveTurn, seen: { length: number; tools: number }): Generator<ChatEvent> {
    // What is on disk already has come as a message.
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
}
