/** A chat without a session: its messages wait here until the gateway has created one. */
import { computed, signal } from '@preact/signals';
import type { SessionDocument } from '../../../../../shared/api/sessions.js';
import { AGAIN_MS, apiPath, type Call, call, isTemporary } from '../../../api/client.js';
import { connection, pageSocket } from '../../../api/socket.js';
import { newKey } from '../../../browser/new-key.js';
import { errorText } from '../../../components/feedback/error-words.js';
import { address, hashOf, navigate } from '../../../shell/router.js';
import { hasNewFiles, markNewFiles, moveNewFiles, uploadFailed } from '../composer/files.js';
import { openChats } from './open-chats.js';
import { moveDraft, NEW, Outbox, type Sender, rescuedFrom } from './outbox.js';

function isShown(): boolean {
  const { view, parts } = address.peek();
  return view === 'chat' && parts.length === 0;
}

/** The end of the last voice message in the chat without a session. It would be lost if another composer took its place. */
export const recorded = signal<Promise<void> | undefined>(undefined);

/** The session whose box takes over the focus from that of the chat without one: the user may be writing there. */
export const focused = signal<string | undefined>(undefined);

/** Shows a session in the place of the chat without one, and takes the draft along: another tab may have gone on there already. */
function goOnIn(session: string): void {
  if (document.activeElement?.matches('.box > textarea') === true) focused.value = session;
  moveDraft(NEW, session);
  moveNewFiles(session);
  const { bare } = address.peek().query;
  navigate(hashOf('chat', [session], { bare }), { replace: true });
}

class NewChat implements Sender {
  readonly outbox = new Outbox(NEW);
  readonly isCurrent = computed(() => connection.value.kind === 'online');
  #isBeginning = false;
  /** The session that is made for what waits here. Made once: a model is chosen for it while a message or a file already waits. */
  #made: Promise<string> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  send(content: string): void {
    rescuedFrom.value = undefined;
    this.outbox.add(content);
    void this.begin();
  }

  remove(key: string): void {
    this.outbox.remove(key);
  }

  retry(key: string): void {
    this.outbox.update(key, { state: 'queued', error: undefined });
    void this.begin();
  }

  /** Creates a session with this model and goes on there, with what was sent meanwhile. @throws ApiError */
  async choose(model: string | null): Promise<void> {
    this.#isBeginning = true;
    try {
      const session = await this.#makeSession();
      await call('PATCH', apiPath('/api/sessions/:key', { key: session }), { body: { model } });
      await recorded.peek();
      this.#moveTo(session, true);
    } finally {
      this.#isBeginning = false;
      void this.begin();
    }
  }

  /** Creates a session for the waiting messages and files, and sends them there. Without a connection they wait for the next one. */
  async begin(): Promise<void> {
    const hasMessages = this.isCurrent.peek() && this.outbox.entries.peek().some(({ state }) => state !== 'failed');
    // The files belong to what is being written there.
    const hasFiles = isShown() && hasNewFiles();
    if (this.#isBeginning || (!hasMessages && !hasFiles)) return;
    this.#isBeginning = true;
    clearTimeout(this.#again);
    try {
      this.#mark({ state: 'sending' });
      markNewFiles(undefined);
      const session = await this.#makeSession({ isAction: false });
      await recorded.peek();
      this.#moveTo(session);
    } catch (error) {
      this.#mark(isTemporary(error) ? { state: 'queued' } : { state: 'failed', error: errorText(error) });
      markNewFiles(errorText(error));
      if (isTemporary(error)) this.#again = setTimeout(() => this.isCurrent.peek() && void this.begin(), AGAIN_MS);
    } finally {
      this.#isBeginning = false;
    }
  }

  /**
   * Creates a session that no other chat gets. It is named after the first waiting message, so that every tab and every attempt
   * gets the same one; without a message, the name is random.
   */
  #makeSession(options: Pick<Call, 'isAction'> = {}): Promise<string> {
    const body = { chat_id: this.outbox.entries.peek().find(({ state }) => state !== 'failed')?.key ?? newKey() };
    this.#made ??= call<{ session: SessionDocument }>('POST', '/api/sessions', { body, ...options }).then(
      ({ session }) => session.key,
      (error: unknown) => {
        this.#made = undefined;
        throw error;
      },
    );
    return this.#made;
  }

  #mark(change: { state: 'sending' | 'queued' | 'failed'; error?: string }): void {
    this.outbox.change((entries) => entries.map((entry) => (entry.state === 'failed' ? entry : { ...entry, ...change })));
  }

  #moveTo(session: string, isChosen = false): void {
    this.#made = undefined;
    // What is stored: another tab may have moved them meanwhile, or added one.
    this.#mark({ state: 'queued' });
    const waiting = this.outbox.entries.peek();
    // Nobody would see what failed there.
    if (!isShown() && waiting.every(({ state }) => state === 'failed')) return;
    if (waiting.length > 0) {
      const chat = openChats.model(session);
      chat.beginEmpty();
      chat.outbox.change((entries) => [...entries, ...waiting]);
      this.outbox.change(() => []);
      openChats.sendWaiting();
    }
    if (isShown() && (isChosen || waiting.length > 0 || hasNewFiles())) goOnIn(session);
  }
}

export const newChat = new NewChat();

/**
 * Sends waiting messages on each new connection, including those left by a closed tab. Keeps the drafts of sessions that are
 * deleted.
 */
export function sendOnConnection(): void {
  newChat.outbox.follow();
  pageSocket.listen((frame) => {
    if (frame.type !== 'event' || frame.name !== 'session' || frame.data['change'] !== 'deleted') return;
    openChats.rescueDraft(String(frame.data['session']));
  });
  pageSocket.onConnected(() => {
    openChats.sendWaiting();
    uploadFailed();
    void newChat.begin();
  });
}
