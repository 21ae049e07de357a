/** The worker's load in numbers: undelivered messages, event loop, memory, disk. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { IntervalHistogram } from 'node:perf_hooks';
import type { Overview } from '../../../shared/api/gateway/overview.js';
import type { Clock } from '../../../shared/clock.js';
import { countUndelivered } from '../store/delivery/outbox-pages.js';
import type { Store } from '../store/store.js';
import { createOverviewHistory, type ReadHistory } from './overview-history.js';

export interface OverviewService {
  read(): Promise<Overview>;
  readonly history: ReadHistory;
}

const RESOLUTION_MS = 20;
const WINDOW_MS = 60_000;
const NS_PER_MS = 1_000_000;

/** Measures while someone reads it, and for a while afterwards, so that an idle gateway pays nothing for it. */
class LoopDelay {
  #histogram: IntervalHistogram | undefined;
  #end: NodeJS.Timeout | undefined;

  /** Returns the delay since the last call; zeros at the first. */
  read(): Overview['eventLoopDelayMs'] {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks'); // loading it takes a millisecond
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.#stop(), WINDOW_MS).unref();
    const known = this.#histogram;
    this.#histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
    if (known === undefined || known.count === 0) return { p50: 0, p99: 0, max: 0 };
    // The histogram records whole intervals; the delay is what exceeds the resolution.
    const late = (ns: number): number => Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 10) / 10);
    const delay = { p50: late(known.percentile(50)), p99: late(known.percentile(99)), max: late(known.max) };
    known.reset();
    return delay;
  }

  #stop(): void {
    this.#histogram?.disable();
    this.#histogram = undefined;
  }
}

export interface OverviewOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly databasePath: string;
}

async function diskOf(path: string): Promise<Overview['disk']> {
  try {
    const { bavail, blocks, bsize } = await statfs(dirname(path));
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}

export function createOverviewService({ store, clock, databasePath }: OverviewOptions): OverviewService {
  const delay = new LoopDelay();
  return {
    history: createOverviewHistory({ store, clock }),
    async read() {
      const [counts, disk, databaseBytes] = await Promise.all([store.read(countUndelivered), diskOf(databasePath), store.readSize()]);
      const { rss, heapUsed } = process.memoryUsage();
      return {
        outbox: Object.fromEntries(counts.map(({ state, count }) => [state, count])),
        eventLoopDelayMs: delay.read(),
        memoryBytes: { rss, heapUsed },
        disk,
        databaseBytes,
      };
    },
  };
}
