/**
 * One conversation: the stored messages, the live answer, and the messages that wait to be sent. The newest messages are read over HTTP,
 * which compresses them, while the page connects; from the last of them on, the socket sends what is new.
 */
import { batch, computed, signal } from '@preact/signals';
import type { MessagePage } from '../../../../../shared/api/session-archive.js';
import type { ServerFrame } from '../../../../../shared/api/socket.js';
import { isStop } from '../../../../../shared/sessions/stop-request.js';
import { waitingSessions } from '../../../api/approvals.js';
import { AGAIN_MS, type ApiError, apiPath, call, isTemporary } from '../../../api/client.js';
import { connection, gateway, pageSocket, SocketError } from '../../../api/socket.js';
import { showError } from '../../../components/toast/toast.js';
import { beginAnswer, type LiveAnswer } from './live-answer.js';
import { type Entry, Outbox } from './outbox.js';
import { refusedBy, sendEntry } from './send-entry.js';

export type StoredMessage = Extract<ServerFrame, { type: 'message' }>['message'] & { readonly seq: number };
/** How many of the newest messages are read at first. */
const FIRST_PAGE = 60;

export class ChatModel {
  readonly session: string;
  readonly messages = signal<readonly StoredMessage[]>([]);
  readonly live = signal<LiveAnswer | undefined>(undefined);
  /** Whether the answer, or the wait for a decision about it, is to be stopped on the next connection. */
  readonly isToStop = signal(false);
  readonly outbox: Outbox;
  /** Whether all messages that were stored when the watch began are loaded. */
  readonly isCurrent = signal(false);
  readonly hasOlder = signal(false);
  /** The summary that the model gets in place of the messages up to a `seq`. */
  readonly summary = signal<MessagePage['summary']>(undefined);
  readonly error = signal<ApiError | SocketError | undefined>(undefined);
  /** For components that do not show the text itself, which changes many times a second. */
  readonly isAnswering = computed(() => this.live.value !== undefined);
  readonly canStop = computed(() => this.isAnswering.value || waitingSessions.value.has(this.session));
  readonly isBusy = computed(
    () => this.isAnswering.value || this.outbox.entries.value.some((entry) => entry.state === 'sent' || this.#isSending(entry)),
  );
  /** The keys of the messages that this tab is sending. A message of a tab that was closed may never leave `sending`. */
  readonly #sending = new Set<string>();
  #closes: (() => void)[] = [];
  /** Stored messages that have arrived; they are shown together once all are loaded. */
  #arriving: StoredMessage[] = [];
  /** Whether the newest messages were read. */
  #isRead = false;
  #again: ReturnType<typeof setTimeout> | undefined;
  #reading: AbortController | undefined;

  constructor(session: string) {
    this.session = session;
    this.outbox = new Outbox(session);
  }

  open(): void {
    this.#closes = [
      pageSocket.listen((frame) => batch(() => this.#receive(frame))),
      pageSocket.onConnected(() => this.follow()),
      this.outbox.follow(),
      connection.subscribe(({ kind }) => {
        if (kind !== 'online') this.isCurrent.value = false;
      }),
    ];
    if (!this.#isRead) this.follow();
  }

  close(): void {
    this.#reading?.abort();
    clearTimeout(this.#again);
    for (const close of this.#closes) close();
    pageSocket.tell('unwatch', { session: this.session });
  }

  /** Called before {@link open} for a session that was just made: there is nothing to read. */
  beginEmpty(): void {
    this.#isRead = true;
  }

  /** Reads the newest messages, unless that was done, and asks for what follows them. */
  follow(): void {
    clearTimeout(this.#again);
    if (this.#isRead) this.#watch();
    else if (this.#reading === undefined) void this.#readNewest();
  }

  /** Adds the messages before the first one. @throws ApiError */
  async readOlder(): Promise<void> {
    await this.#readPage({ before: this.messages.peek()[0]?.seq });
  }

  /** Queues a message. Messages are sent in order, each after the answer to the one before. */
  send(content: string, more: Pick<Entry, 'replaceFrom' | 'again' | 'attachments'> = {}): void {
    // `/stop` does not wait for the answer or the decision that it stops.
    if (this.canStop.peek() && isStop(content)) return this.stop();
    // The gateway takes a message of another tab once, if that tab still exists.
    this.outbox.sendAgain((entry) => entry.state === 'sending' && !this.#isSending(entry));
    this.outbox.add(content, more);
    void this.#pump();
  }

  remove(key: string): void {
    this.outbox.remove(key);
    void this.#pump();
  }

  retry(key: string): void {
    this.outbox.update(key, { state: 'queued', error: undefined });
    void this.#pump();
  }

  stop(): void {
    const stopped = pageSocket.ask('stop', { session: this.session }).then(() => void (this.isToStop.value = false));
    stopped.catch((error: SocketError) => {
      // Without a connection, it is stopped on the next one, if it is still in progress.
      this.isToStop.value = error.code === 'UNREACHABLE' && this.canStop.peek();
      if (!this.isToStop.peek()) showError(error);
    });
  }

  async #readPage(query: { before?: number | undefined; limit?: number }, signal?: AbortSignal): Promise<void> {
    const path = apiPath('/api/sessions/:key/messages', { key: this.session }, query);
    const { messages, hasOlder, summary } = await call<MessagePage>('GET', path, { signal });
    batch(() => {
      if (query.before === undefined) this.summary.value = summary;
      const known = this.messages.peek();
      const firstSeq = known[0]?.seq ?? Infinity;
      // Two requests at the same time return the same messages.
      this.messages.value = [...messages.filter(({ seq }) => seq < firstSeq), ...known];
      this.hasOlder.value = hasOlder;
    });
  }

  async #readNewest(): Promise<void> {
    const reading = new AbortController();
    const greeting = gateway.peek();
    this.#reading = reading;
    try {
      await this.#readPage({ limit: FIRST_PAGE }, reading.signal);
      this.#isRead = true;
    } catch (error) {
      if (reading.signal.aborted) return;
      this.error.value = error as ApiError;
      // The next connection reads again. If it came before the failure, or none comes, nothing else would.
      if (gateway.peek() === greeting) {
        if (isTemporary(error)) this.#followLater();
        return;
      }
    } finally {
      this.#reading = undefined;
    }
    if (connection.peek().kind === 'online') this.follow();
  }

  #followLater(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.isCurrent.peek() || connection.peek().kind !== 'online' || this.follow(), AGAIN_MS);
  }

  #watch(): void {
    // The gateway sends them again.
    this.#arriving = [];
    this.outbox.sendAgain(({ state }) => state === 'sending' || state === 'sent');
    const live = this.live.peek();
    pageSocket.tell('watch', {
      session: this.session,
      after: this.messages.peek().at(-1)?.seq,
      turn: live && { id: live.turn, length: live.text.length, tools: live.tools.length },
    });
  }

  #receive(frame: ServerFrame): void {
    if (frame.type === 'event') return this.#onEvent(frame);
    if (!('session' in frame) || frame.session !== this.session) return;
    if (frame.type === 'message' && !this.isCurrent.peek()) {
      this.#arriving.push({ ...frame.message, seq: frame.seq });
      return;
    }
    this.#add(this.#arriving.splice(0));
    switch (frame.type) {
      case 'reset':
        this.messages.value = [];
        this.hasOlder.value = false;
        return this.#endAnswer();
      case 'message':
        return this.#onMessage({ ...frame.message, seq: frame.seq });
      case 'rewound':
        this.messages.value = this.messages.peek().filter(({ seq }) => seq < frame.fromSeq);
        return;
      case 'turn':
        return this.#onTurn(frame);
      case 'delta':
        return this.#grow(frame.turn, (live) => ({ ...live, text: live.text.slice(0, frame.at) + frame.text }));
      case 'tool':
        return this.#grow(frame.turn, (live) => ({ ...live, tools: [...live.tools.slice(0, frame.index), frame.tool] }));
      case 'current':
        if (this.messages.peek().length > 0 && frame.hasOlder) this.hasOlder.value = true;
        this.isCurrent.value = true;
        this.error.value = undefined;
        if (this.isToStop.peek()) this.stop();
        void this.#pump();
        return;
      case 'error':
        // The gateway has ended the watch.
        this.isCurrent.value = false;
        this.error.value = new SocketError(frame.error.code, frame.error.message, frame.error.details);
        if (frame.error.code !== 'SESSION_NOT_FOUND') this.#followLater();
        return;
      case 'unwatched':
        return;
    }
  }

  /** A session may be deleted, and restored, in another tab or by another program. */
  #onEvent({ name, data }: Extract<ServerFrame, { type: 'event' }>): void {
    if (name !== 'session' || data['session'] !== this.session) return;
    if (data['change'] === 'deleted') this.error.value = new SocketError('SESSION_NOT_FOUND', '');
    else if (this.error.peek() !== undefined) this.follow();
  }

  #add(stored: readonly StoredMessage[]): void {
    const known = new Set(this.messages.peek().map(({ seq }) => seq));
    const fresh = stored.filter(({ seq }) => !known.has(seq));
    if (fresh.length === 0) return;
    this.messages.value = [...this.messages.peek(), ...fresh];
    if (fresh.some(({ role }) => role !== 'user')) this.#endAnswer();
    const ids = new Set(fresh.map(({ id }) => id));
    this.outbox.change((entries) => entries.filter(({ messageId }) => messageId === undefined || !ids.has(messageId)));
  }

  #onMessage(message: StoredMessage): void {
    this.#add([message]);
    // A request to stop from elsewhere takes back what came before it.
    if (message.role === 'user' && isStop(message.content)) this.outbox.sendAgain(({ state }) => state === 'sent');
    void this.#pump();
  }

  #onTurn(frame: Extract<ServerFrame, { type: 'turn' }>): void {
    const { turn, state, at = 0, elsewhere = false, replaces } = frame;
    const live = this.live.peek();
    if (state !== 'running') {
      if (live?.turn !== turn) return;
      if (state === 'waiting') this.live.value = undefined;
      else this.#endAnswer();
      void this.#pump();
    } else if (live?.turn === turn) {
      const isWhole = live.text.length === at;
      this.live.value = { ...live, text: live.text.slice(0, at), tools: isWhole ? live.tools : [], isElsewhere: elsewhere };
    } else {
      if (live !== undefined && replaces === undefined) this.isToStop.value = false;
      this.live.value = beginAnswer(frame, live);
    }
  }

  #endAnswer(): void {
    this.live.value = undefined;
    this.isToStop.value = false;
  }

  #grow(turn: string, change: (live: LiveAnswer) => LiveAnswer): void {
    const live = this.live.peek() ?? { turn, text: '', tools: [], isElsewhere: false, earlier: '' };
    if (live.turn !== turn) return;
    this.live.value = change(live);
  }

  #isSending({ key, state }: Entry): boolean {
    return state === 'sending' && this.#sending.has(key);
  }

  async #pump(): Promise<void> {
    const next = this.outbox.entries.peek().find(({ state }) => state === 'queued');
    if (next === undefined || !this.isCurrent.peek()) return;
    // A message that the gateway may already have is sent at once.
    if (next.wasSent !== true && this.isBusy.peek()) return;
    const { key } = next;
    this.#sending.add(key);
    this.outbox.update(key, { state: 'sending' });
    try {
      const answer = await sendEntry(this.session, next);
      if (answer.type !== 'sent') return;
      this.#onSent(key, answer.messageId);
      // Its answer may have ended before.
      if (answer.repeated) void this.#pump();
    } catch (error) {
      // Without a connection it stays in the queue until the next one.
      if (!(error instanceof SocketError) || error.code === 'UNREACHABLE') return;
      if (error.code === 'SESSION_NOT_FOUND') return void (this.error.value = error);
      this.outbox.update(key, refusedBy(error, next));
      void this.#pump();
    } finally {
      this.#sending.delete(key);
    }
  }

  #onSent(key: string, messageId: string): void {
    if (this.messages.peek().some(({ id }) => id === messageId)) this.outbox.remove(key);
    else this.outbox.update(key, { state: 'sent', messageId });
  }
}
