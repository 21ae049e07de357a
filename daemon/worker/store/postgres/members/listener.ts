/**
 * Hears what other workers commit, over a session of its own that listens. A notification only names what to look at, and what is looked at
 * is the truth: one that is lost costs time, nothing else.
 *
 * Each renewal of this worker's row sends a notification, which shows whether any arrive: behind a pooler in transaction mode, or after a failure
 * of the network, none does. Then it connects again, at growing intervals.
 */
import type { Topic } from '../../transaction.js';
import { quote, Session } from '../driver.js';

const CHANNEL = 'xopc';
/** The server takes 8,000 bytes. */
const MAX_BYTES = 7_000;
/** Two renewals, and a moment. */
const DEAF_AFTER_MS = 12_000;
const ANSWER_TIMEOUT_MS = 4_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

/** Returns the call that tells everybody of changes of a worker, as SQL. */
export function notification(instanceId: string, topics: readonly Topic[] = []): string {
  return `pg_notify('${CHANNEL}', ${quote(JSON.stringify([instanceId, ...topics]))})`;
}

/** Returns the statements that tell of these changes at the commit; empty for none. */
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

/** Whoever may use the database may send anything. */
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

  /** Connects again after a pause. Whoever waits for changes looks now, and from then on at the shorter interval. */
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
