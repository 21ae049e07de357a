/**
 * Sessions as the list shows them: read page by page, each from where the one before ended, and read again only where
 * something happened. However many there are, what is far away costs nothing.
 */
import { computed, signal } from '@preact/signals';
import { apiPath, call } from '../../api/client.js';
import type { SessionList } from './session-actions.js';
import { distinct, type Page, withPage } from './session-pages.js';

const PAGE = 100;
/** A page that is read again has so many more, for what came into it meanwhile. */
const SLACK = 50;

/** The one that was shown last: who comes back to the list finds it as long as it was. */
export const lastFeed = signal<SessionFeed | undefined>(undefined);

export class SessionFeed {
  readonly search: string;
  readonly #pages = signal<readonly Page[]>([]);
  #stop = new AbortController();
  /** In which page each session was seen last: one that is brought back comes there again. */
  readonly #places = new Map<string, number>();
  #stale: Set<string> | 'all' = new Set();
  #isReading = false;
  readonly error = signal<unknown>(undefined);
  readonly sessions = computed(() => distinct(this.#pages.value));
  readonly hasMore = computed(() => this.#pages.value.at(-1)?.next !== null);
  /** The first page is here. */
  readonly isRead = computed(() => this.#pages.value.length > 0);

  constructor(search: string) {
    this.search = search;
  }

  /** Reads the next page; nothing while one is being read. */
  more(): void {
    if (!this.#isReading && this.hasMore.peek()) void this.#work(() => this.#append());
  }

  /** Reads again what is no longer true. @param keys  sessions that something happened to; `all`: nobody knows which */
  reload(keys: readonly string[] | 'all'): void {
    this.#stale = keys === 'all' || this.#stale === 'all' ? 'all' : new Set([...this.#stale, ...keys]);
    if (!this.#isReading) void this.#work(() => this.#refresh());
  }

  /** Reads its first page, or again what it had when it was closed. */
  open(): void {
    this.#stop = new AbortController();
    if (this.isRead.peek()) this.reload('all');
    else this.more();
  }

  close(): void {
    this.#stop.abort();
    this.#isReading = false;
  }

  async #work(step: () => Promise<void>): Promise<void> {
    const { signal: stop } = this.#stop;
    this.#isReading = true;
    try {
      await step();
      while (this.#stale === 'all' || this.#stale.size > 0) await this.#refresh();
      this.error.value = undefined;
    } catch (error) {
      // A page that failed is asked for again when it is wanted again.
      if (!stop.aborted) this.error.value = error;
    } finally {
      if (!stop.aborted) this.#isReading = false;
    }
  }

  async #append(): Promise<void> {
    const pages = this.#pages.peek();
    this.#show([...pages, await this.#read(pages.at(-1)?.next ?? undefined, PAGE)]);
  }

  async #refresh(): Promise<void> {
    const stale = this.#stale;
    this.#stale = new Set();
    // What is new is at the top; what happened elsewhere is where it was seen.
    const known = stale === 'all' ? [...this.#pages.peek().keys()] : [...stale].flatMap((key) => this.#places.get(key) ?? []);
    for (const index of [...new Set([0, ...known])].toSorted((one, other) => one - other)) {
      const page = this.#pages.peek()[index];
      if (page === undefined && index > 0) continue;
      const fresh = await this.#read(page?.cursor, PAGE + SLACK);
      this.#show(withPage(this.#pages.peek(), index, fresh));
    }
  }

  #show(pages: readonly Page[]): void {
    for (const [index, { sessions }] of pages.entries()) for (const { key } of sessions) this.#places.set(key, index);
    this.#pages.value = pages;
  }

  async #read(cursor: string | undefined, limit: number): Promise<Page> {
    const path = apiPath('/api/sessions', {}, { search: this.search, limit, cursor });
    const { sessions, nextCursor } = await call<SessionList>('GET', path, { signal: this.#stop.signal });
    return { cursor, sessions, next: nextCursor };
  }
}
