/**
 * The clock of the database server, used by all its workers because the clocks of machines differ. It is read with each renewal of
 * a worker's row. In between, time follows this process's monotonic clock, which cannot be set: after a suspend, waiting work is
 * late, but never early.
 */
export class ServerClock {
  /** The server's time when the monotonic clock was 0. */
  #originMs: number | undefined;

  /** Corrects the clock. `sentAtMs` and `receivedAtMs`, by the monotonic clock: the server read its own between them. */
  note({ sentAtMs, receivedAtMs, serverMs }: { sentAtMs: number; receivedAtMs: number; serverMs: number }): void {
    const [earliest, latest] = [serverMs - receivedAtMs, serverMs - sentAtMs];
    const before = this.#originMs ?? (earliest + latest) / 2;
    // Kept while it is plausible, so that it does not jump with varying response times.
    this.#originMs = Math.min(Math.max(before, earliest), latest);
  }

  /** Returns epoch milliseconds; undefined before the first reading. */
  now(): number | undefined {
    return this.#originMs === undefined ? undefined : Math.round(this.#originMs + performance.now());
  }
}
