/** Memory, open files and answer times of a gateway while it is used, with their slopes. */
import { readdirSync, readFileSync } from 'node:fs';
import type { RealGateway } from '../../helpers/real-gateway.js';

interface Sample {
  readonly atMin: number;
  readonly pid: number;
  readonly rssMb: number;
  readonly files: number;
}

export interface Trend {
  readonly role: string;
  /** Of the process that lived longest; slopes of the second half of its life. */
  readonly minutes: number;
  readonly rssMb: number;
  readonly mbPerMin: number;
  readonly files: number;
  readonly filesPerMin: number;
  /** Of all its processes. */
  readonly peakMb: number;
}

const SAMPLE_MS = 1_000;

function read(pid: number, atMin: number): Sample | undefined {
  try {
    const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return rss === undefined ? undefined : { atMin, pid, rssMb: Number(rss) / 1_024, files: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return undefined; // has ended meanwhile
  }
}

/** Least squares. @returns the rise per minute */
function slope(samples: readonly Sample[], key: 'rssMb' | 'files'): number {
  const meanX = samples.reduce((sum, { atMin }) => sum + atMin, 0) / samples.length;
  const meanY = samples.reduce((sum, sample) => sum + sample[key], 0) / samples.length;
  const [cross, square] = samples.reduce(
    ([a, b], sample) => [a + (sample.atMin - meanX) * (sample[key] - meanY), b + (sample.atMin - meanX) ** 2],
    [0, 0],
  );
  return square === 0 ? 0 : cross / square;
}

function trendOf(role: string, samples: readonly Sample[]): Trend {
  const pids = [...new Set(samples.map(({ pid }) => pid))];
  const lives = pids.map((pid) => samples.filter((sample) => sample.pid === pid));
  const longest = lives.toSorted((a, b) => b.length - a.length)[0] ?? [];
  const start = longest[0]?.atMin ?? 0;
  // A process grows while it warms up.
  const used = longest.slice(Math.floor(longest.length / 2));
  const last = used.at(-1);
  return {
    role,
    minutes: (last?.atMin ?? 0) - start,
    rssMb: last?.rssMb ?? 0,
    mbPerMin: slope(used, 'rssMb'),
    files: last?.files ?? 0,
    filesPerMin: slope(used, 'files'),
    peakMb: Math.max(0, ...samples.map(({ rssMb }) => rssMb)),
  };
}

export class Vitals {
  readonly #samples: Record<string, Sample[]> = { supervisor: [], worker: [] };
  readonly #latenciesMs: number[] = [];
  readonly #gateway: RealGateway;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();

  constructor(gateway: RealGateway) {
    this.#gateway = gateway;
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
  }

  stop(): { trends: Trend[]; latencyMs: { p50: number; p99: number; max: number } } {
    clearInterval(this.#timer);
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
    const trends = Object.entries(this.#samples).map(([role, samples]) => trendOf(role, samples));
    return { trends, latencyMs: { p50: at(0.5), p99: at(0.99), max: at(1) } };
  }

  async #sample(): Promise<void> {
    const startedAt = performance.now();
    const atMin = (startedAt - this.#startedAt) / 60_000;
    try {
      const { pid, children } = this.#gateway.lock();
      const worker = children.find(({ role }) => role === 'worker')?.pid;
      for (const [role, one] of Object.entries({ supervisor: pid, worker })) {
        const sample = one === undefined ? undefined : read(one, atMin);
        if (sample !== undefined) this.#samples[role]?.push(sample);
      }
      await (await fetch(`${this.#gateway.url}/health`)).text();
      this.#latenciesMs.push(performance.now() - startedAt);
    } catch {
      // Between two lock files, or a connection that a killed worker had.
    }
  }
}
