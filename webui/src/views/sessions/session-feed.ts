/** The sessions of the list, read page by page. After an event, only the pages of the affected sessions are read again. */
import { computed, signal } from '@preact/signals';
import type { SessionPage } from '../../../../shared/api/sessions.js';
import { apiPath, call } from '../../api/client.js';
import { distinct, type Page, withPage } from './session-pages.js';

const PAGE = 100;
/** Additional sessions of a page that is read again, for those that have moved into it. */
const SLACK = 50;

/** The feed that was shown last: the list keeps its length when the user comes back to it. */
export const lastFeed = signal<SessionFeed | undefined>(undefined);

export class SessionFeed {
  readonly search: string;
  readonly #pages = signal<readonly Page[]>([]);
  #stop = new AbortController();
  /** The page in which each session was last seen: a restored one appears there again. */
  readonly #places = new Map<string, number>();
  #stale: Set<string> | 'all' = new Set();
  #isReading = false;
  readonly error = signal<unknown>(undefined);
  readonly sessions = computed(() => distinct(this.#pages.value));
  readonly hasMore = computed(() => this.#pages.value.at(-1)?.next !== null);
  /** Whether the first page is loaded. */
  readonly isRead = computed(() => this.#pages.value.length > 0);

  constructor(search: string) {
    this.search = search;
  }

  /** Reads the next page, unless one is being read. */
  more(): void {
    if (!this.#isReading && this.hasMore.peek()) void this.#work(() => this.#append());
  }

  /** Reads outdated pages again. @param keys  the changed sessions; `all` where they are unknown */
  reload(keys: readonly string[] | 'all'): void {
    this.#stale = keys === 'all' || this.#stale === 'all' ? 'all' : new Set([...this.#stale, ...keys]);
    if (!this.#isReading) void this.#work(() => this.#refresh());
  }

  /** Reads the first page, or reloads the pages that were loaded before the feed was closed. */
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
      // A failed page is requested again when the list needs it.
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
    // New sessions are on the first page; changed ones are on the page where they were seen.
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
    const { sessions, nextCursor } = await call<SessionPage>('GET', path, { signal: this.#stop.signal });
    return { cursor, sessions, next: nextCursor };
  }
}
