/** The log: a first page, then new lines as they are written, and older pages on request. Bounded by {@link MAX_ROWS}. */
import { pause, systemClock } from '../../../../shared/clock.js';
import { effect, signal } from '@preact/signals';
import type { LogPage } from '../../../../shared/api/gateway/logs.js';
import type { LogLevel } from '../../../../shared/log/level.js';
import type { LogEntry } from '../../../../shared/log/entry.js';
import { ApiError, apiPath, call, isUnauthorized, request } from '../../api/client.js';
import { readEventStream } from '../../api/event-stream.js';
import { session } from '../../api/session.js';
import { gateway } from '../../api/socket.js';
import { compileLevel } from './log-filter.js';
import { gapRow, type LogRow, toRow } from './log-row.js';

/** More rows would slow the tab down; the files have all lines. */
export const MAX_ROWS = 100_000;
/** The number of rows dropped at once, so that not each new line moves the list. */
const DROPPED_ROWS = 5_000;
/** The first page fills the window, and little has to be loaded for it. */
const FIRST_ROWS = 200;
const PAGE_ROWS = 1_000;
/** `refused`: unless the user signs in before. */
const RETRY_MS = { first: 800, most: 15_000, refused: 600_000 } as const;
/** The number of equal lines in a row that identify a position. */
const WITNESS_ROWS = 3;

/** Returns how many entries of a page are already in `rows` (of the page's levels); undefined where they have nothing in common. */
function countKnown(rows: readonly LogRow[], entries: readonly LogEntry[]): number | undefined {
  const witness = rows
    .filter(({ isGap }) => isGap !== true)
    .slice(-WITNESS_ROWS)
    .map(({ entry }) => JSON.stringify(entry));
  if (witness.length === 0) return entries.length === 0 ? 0 : undefined;
  const lines = entries.map((entry) => JSON.stringify(entry));
  for (let end = lines.length; end >= witness.length; end -= 1) {
    if (witness.every((line, index) => lines[end - witness.length + index] === line)) return end;
  }
  return undefined;
}

/** Selects lines at the gateway. */
export interface FeedQuery {
  readonly regex?: string;
  readonly search?: string;
  readonly level?: LogLevel | undefined;
  /** ISO 8601. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

type Lines = Pick<LogPage, 'entries' | 'matches'>;

const rowsOf = ({ entries, matches }: Lines, firstId: number): LogRow[] =>
  entries.map((entry, index) => toRow(firstId + index, entry, matches?.[index]));

function part({ entries, matches }: Lines, from: number): Lines {
  return { entries: entries.slice(from), ...(matches === undefined ? {} : { matches: matches.slice(from) }) };
}

export class LogFeed {
  readonly rows = signal<readonly LogRow[]>([]);
  /** `first`: nothing was read yet. `refused`: the gateway rejects the query. */
  readonly state = signal<'first' | 'live' | 'lost' | 'refused'>('first');
  readonly error = signal<unknown>(undefined);
  /** Why older lines could not be read. Following goes on. */
  readonly olderError = signal<unknown>(undefined);
  readonly older = signal<'more' | 'loading' | 'none'>('none');
  /** Older lines were dropped to stay within {@link MAX_ROWS}. */
  readonly isCut = signal(false);
  /** Where the first page ends, and the id of the first line after it; undefined until it is read. */
  readonly start = signal<{ readonly end: string | null; readonly nextId: number } | undefined>(undefined);
  /** Lines after the first page may be missing. */
  readonly isPartial = signal(false);
  readonly query: FeedQuery;
  readonly #leaving = new AbortController();
  /** Ends the wait for the next attempt. */
  #pause = new AbortController();
  #cursor: string | null = null;
  #pending: Lines[] = [];
  #pendingCount = 0;
  #frame = 0;
  #reading: Promise<boolean> | undefined;
  #isRunning = false;

  constructor(query: FeedQuery) {
    this.query = query;
  }

  /** Reads and follows the log until {@link stop}. */
  run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
    const unwatch = effect(() => {
      // A sign-in in another tab connects this one again.
      const isBack = gateway.value !== undefined;
      if (session.value.signedIn || isBack) this.retry();
    });
    this.#leaving.signal.addEventListener('abort', unwatch);
  }

  async #run(): Promise<void> {
    const { signal: left } = this.#leaving;
    for (let retryMs: number = RETRY_MS.first; !left.aborted; retryMs = Math.min(retryMs * 2, RETRY_MS.most)) {
      try {
        await this.#follow(await this.#readNewest(), () => (retryMs = RETRY_MS.first));
      } catch (error) {
        if (left.aborted) return;
        this.error.value = error;
        if (error instanceof ApiError && error.status === 400) {
          this.state.value = 'refused';
          return;
        }
      }
      this.state.value = this.state.peek() === 'first' ? 'first' : 'lost';
      this.#pause = new AbortController();
      const waitMs = isUnauthorized(this.error.peek()) ? RETRY_MS.refused : retryMs;
      await pause(waitMs * (0.75 + Math.random() / 2), systemClock, AbortSignal.any([left, this.#pause.signal]));
    }
  }

  /** Retries a failed request immediately. */
  retry(): void {
    this.#pause.abort();
  }

  stop(): void {
    this.#leaving.abort();
    cancelAnimationFrame(this.#frame);
  }

  /** Reads the page before the oldest row; one at a time. @returns whether it could be read */
  readOlder(): Promise<boolean> {
    this.#reading ??= this.#readBefore().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readBefore(): Promise<boolean> {
    if (this.older.peek() !== 'more' || this.#cursor === null) return false;
    this.older.value = 'loading';
    try {
      const page = await this.#read({ cursor: this.#cursor, limit: PAGE_ROWS });
      this.#cursor = page.nextCursor;
      const first = this.rows.peek()[0]?.id ?? 0;
      this.rows.value = [...rowsOf(page, first - page.entries.length), ...this.rows.peek()];
      this.older.value = this.#hasOlder() ? 'more' : 'none';
      this.olderError.value = undefined;
      if (this.rows.peek().length >= MAX_ROWS) this.isCut.value = true;
      return true;
    } catch (error) {
      if (this.#leaving.signal.aborted) return false;
      this.olderError.value = error;
      this.older.value = 'more';
      return false;
    }
  }

  /** Reads older lines until one is found. @returns its row; undefined where it is missing, too old or cannot be read */
  async seek(entry: LogEntry): Promise<LogRow | undefined> {
    const wanted = JSON.stringify(entry);
    for (;;) {
      const found = this.rows.peek().findLast((row) => row.isGap !== true && JSON.stringify(row.entry) === wanted);
      if (found !== undefined || !(await this.readOlder())) return found;
    }
  }

  #hasOlder(): boolean {
    return this.#cursor !== null && this.rows.peek().length + PAGE_ROWS <= MAX_ROWS;
  }

  #read(part: { cursor?: string; limit: number }): Promise<LogPage> {
    const path = apiPath('/api/logs', {}, { ...this.query, ...part });
    return call<LogPage>('GET', path, { signal: this.#leaving.signal });
  }

  /** Reads the newest page; after a lost connection, adds only new lines. @returns the position to follow from */
  async #readNewest(): Promise<string | null> {
    const rows = this.rows.peek();
    const page = await this.#read({ limit: rows.length === 0 ? FIRST_ROWS : PAGE_ROWS });
    const known = countKnown(rows.filter(compileLevel(this.query.level)), page.entries);
    if (rows.length === 0) {
      this.#cursor = page.nextCursor;
      this.#append(page);
      this.start.value = { end: page.end, nextId: this.#nextId() };
      this.older.value = this.#hasOlder() ? 'more' : 'none';
    } else if (known === undefined) {
      this.#appendGap();
      this.#append(page);
    } else this.#append(part(page, known));
    // Lines written in the meantime at lower levels were not read.
    if (rows.length > 0 && this.query.level !== undefined) this.isPartial.value = true;
    return page.end;
  }

  async #follow(from: string | null, onOpen: () => void): Promise<void> {
    const { signal: left } = this.#leaving;
    // Lines of all levels, because they are counted.
    const { regex, search } = this.query;
    const path = apiPath('/api/logs/follow', {}, { regex, search, from: from ?? undefined });
    const response = await request({ method: 'GET', path, signal: left });
    onOpen();
    this.state.value = 'live';
    this.error.value = undefined;
    for await (const { name, data } of readEventStream(response)) {
      if (name === 'lines') this.#queue(data as Lines);
      else if (name === 'gap') {
        this.#flush();
        this.#appendGap();
      }
    }
    this.#flush();
    if (!left.aborted) throw new ApiError({ method: 'GET', path }, 0, {});
  }

  /** Shows new lines once per frame. A background tab has no frames: it shows them when it becomes visible. */
  #queue(lines: Lines): void {
    this.#pending.push(lines);
    this.#pendingCount += lines.entries.length;
    if (this.#pendingCount > MAX_ROWS) this.#flush();
    else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#pendingCount = 0;
    const rows: LogRow[] = [];
    let next = this.#nextId();
    for (const lines of this.#pending.splice(0)) {
      rows.push(...rowsOf(lines, next));
      next += lines.entries.length;
    }
    if (rows.length > 0) this.#set([...this.rows.peek(), ...rows]);
  }

  #nextId(): number {
    return (this.rows.peek().at(-1)?.id ?? -1) + 1;
  }

  #append(lines: Lines): void {
    if (lines.entries.length > 0) this.#set([...this.rows.peek(), ...rowsOf(lines, this.#nextId())]);
  }

  #appendGap(): void {
    this.isPartial.value = true;
    this.#set([...this.rows.peek(), gapRow(this.#nextId())]);
  }

  #set(rows: LogRow[]): void {
    const isFull = rows.length > MAX_ROWS;
    this.rows.value = isFull ? rows.slice(rows.length - MAX_ROWS + DROPPED_ROWS) : rows;
    if (!isFull) return;
    // Dropped lines are newer than the cursor: reading older pages would leave a gap.
    this.isCut.value = true;
    this.isPartial.value = true;
    this.#cursor = null;
    this.older.value = 'none';
  }
}
