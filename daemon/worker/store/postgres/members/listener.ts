/**
 * Listens for other workers' commits over a dedicated session. A notification only names what to reread, and the data itself is
 * authoritative: a lost notification only costs time. Each renewal of this worker's row sends a notification, which shows whether
 * they arrive: behind a pooler in transaction mode, or after a network failure, none does. Then it reconnects, at growing
 * intervals.
 */
import type { Topic } from '../../transaction.js';
import { quote, Session } from '../driver.js';

const CHANNEL = 'xopc';
/** The server accepts 8,000 bytes. */
const MAX_BYTES = 7_000;
/** Two renewals, and a moment. */
const DEAF_AFTER_MS = 12_000;
const ANSWER_TIMEOUT_MS = 4_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/** Returns the SQL call that notifies everyone of a worker's changes. */
export function notification(instanceId: string, topics: readonly Topic[] = []): string {
  return `pg_notify('${CHANNEL}', ${quote(JSON.stringify([instanceId, ...topics]))})`;
}

/** Returns the statements that send these changes as a notification at the commit; empty for none. */
export function notifications(instanceId: string, topics: Iterable<Topic>): string {
  const parts: Topic[][] = [];
  let bytes = Infinity;
  for (const topic of topics) {
    const length = Buffer.byteLength(JSON.stringify(topic)) + 1;
    if (bytes + length > MAX_BYTES) parts.push([]);
    bytes = bytes + length > MAX_BYTES ? length : bytes + length;
    parts.at(-1)?.push(topic);
  }
  return parts.map((part) => `select ${notification(instanceId, part)}; `).join('');
}

/** Anyone with access to the database may send anything. */
function read(payload: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(payload);
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}

export class Listener {
  readonly #url: string;
  readonly #instanceId: string;
  readonly #listeners = new Map<string, Set<() => void>>();
  #session: Session | undefined;
  #isHearing = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #state: 'idle' | 'started' | 'stopped' = 'idle';
  #connecting: Promise<void> = Promise.resolve();

  /** @param url  of the server itself: a pooler in transaction mode passes nothing on */
  constructor({ url, instanceId }: { readonly url: string; readonly instanceId: string }) {
    this.#url = url;
    this.#instanceId = instanceId;
  }

  /** Whether notifications arrive. */
  get isHearing(): boolean {
    return this.#isHearing;
  }

  /** See `Liveness`. Also called when notifications no longer arrive. */
  on(topic: Topic, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  /** Later calls change nothing. */
  start(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'started';
    this.#connecting = this.#connect();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    await this.#connecting;
    await this.#session?.close();
  }

  /** Never rejects. */
  async #connect(): Promise<void> {
    try {
      const session = await Session.open(this.#url, { timeoutMs: ANSWER_TIMEOUT_MS });
      this.#session = session;
      session.onLost(() => this.#lose(session));
      session.onNotification((payload) => this.#hear(payload));
      await session.exec(`listen ${CHANNEL}`);
      this.#expectOwn(session);
    } catch {
      this.#lose(this.#session);
    }
  }

  #expectOwn(session: Session): void {
    if (this.#state === 'stopped') return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lose(session), DEAF_AFTER_MS);
    this.#timer.unref();
  }

  #hear(payload: string): void {
    const [instanceId, ...topics] = read(payload);
    if (instanceId !== this.#instanceId) {
      for (const topic of topics) this.#wake(topic);
    } else if (this.#session !== undefined) {
      this.#isHearing = true;
      this.#failures = 0;
      this.#expectOwn(this.#session);
    }
  }

  #wake(topic: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }

  /** Reconnects after a pause. Tasks waiting for changes poll now, and from then on at the shorter interval. */
  #lose(session: Session | undefined): void {
    if (this.#state === 'stopped' || session !== this.#session) return;
    this.#session = undefined;
    session?.destroy();
    if (this.#isHearing) {
      this.#isHearing = false;
      for (const topic of this.#listeners.keys()) this.#wake(topic);
    }
    clearTimeout(this.#timer);
    const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 10), LAST_RETRY_MS);
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#connecting = this.#connect();
    }, pauseMs);
    this.#timer.unref();
  }
}
