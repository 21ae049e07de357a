/** The last hours at a glance: how the gateway was in each part of them, and what went wrong. */
import type { Clock } from '../../../shared/clock.js';
import { listFailures } from '../store/overview/failures.js';
import { firstSampledMinute, readSamples } from '../store/overview/minute-samples.js';
import type { MinuteSampleRow } from '../store/schema.js';
import type { Store } from '../store/store.js';
import { MINUTE_MS } from './samples.js';

/** One part of the time. `down`: no worker lived in any of its minutes; `partly`: in some; `unknown`: nothing was kept then. */
export interface HistoryBucket {
  readonly at: string;
  readonly state: 'up' | 'partly' | 'down' | 'unknown';
  readonly downMinutes: number;
  readonly starts: number;
  readonly requests: number;
  readonly failedRequests: number;
  readonly turns: number;
  readonly failedTurns: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly lateMs: number;
  readonly rssBytes: number;
}

export interface FailureDocument {
  readonly kind: 'turn' | 'run' | 'message';
  readonly id: string;
  readonly at: string;
  readonly state: string;
  readonly error: string | null;
  readonly session: string | null;
  readonly job_id: string | null;
  readonly name: string | null;
}

export interface OverviewHistory {
  readonly stepMinutes: number;
  readonly knownSince: string | null;
  readonly buckets: readonly HistoryBucket[];
  readonly failures: readonly FailureDocument[];
}

const DEFAULTS = { hours: 24, stepMinutes: 15, failures: 20 } as const;
const HOUR_MS = 3_600_000;

interface Frame {
  /** Minutes of a part. */
  readonly step: number;
  readonly firstKnown: number | undefined;
  /** The minute that goes on: whether it is up is not known yet. */
  readonly now: number;
}

function bucketOf(samples: readonly MinuteSampleRow[], from: number, { step, firstKnown, now }: Frame): HistoryBucket {
  const known = firstKnown === undefined ? 0 : Math.max(0, Math.min(from + step, now) - Math.max(from, firstKnown));
  const ended = samples.filter(({ minute }) => minute < now).length;
  const downMinutes = Math.max(0, known - ended);
  const sum = (name: keyof MinuteSampleRow): number => samples.reduce((total, sample) => total + Number(sample[name]), 0);
  const largest = (name: keyof MinuteSampleRow): number => samples.reduce((most, sample) => Math.max(most, Number(sample[name])), 0);
  const state = known === 0 ? (samples.length > 0 ? 'up' : 'unknown') : downMinutes === 0 ? 'up' : ended === 0 ? 'down' : 'partly';
  return {
    at: new Date(from * MINUTE_MS).toISOString(),
    state,
    downMinutes,
    starts: sum('starts'),
    requests: sum('requests'),
    failedRequests: sum('failed_requests'),
    turns: sum('turns'),
    failedTurns: sum('failed_turns'),
    inputTokens: sum('input_tokens'),
    outputTokens: sum('output_tokens'),
    lateMs: largest('late_ms'),
    rssBytes: largest('rss_bytes'),
  };
}

export type ReadHistory = (query: { readonly hours?: number; readonly stepMinutes?: number }) => Promise<OverviewHistory>;

export function createOverviewHistory({ store, clock }: { store: Store; clock: Clock }): ReadHistory {
  return async ({ hours = DEFAULTS.hours, stepMinutes = DEFAULTS.stepMinutes }) => {
    const nowMs = clock.now();
    const now = Math.floor(nowMs / MINUTE_MS);
    // Parts begin where the clock has them: the same ones, whenever it is asked.
    const end = (Math.floor(now / stepMinutes) + 1) * stepMinutes;
    const count = Math.ceil((hours * 60) / stepMinutes);
    const start = end - count * stepMinutes;
    const { samples, firstKnown, failures } = await store.read(async (tx) => ({
      samples: await readSamples(tx, { fromMinute: start, untilMinute: end }),
      firstKnown: await firstSampledMinute(tx),
      failures: await listFailures(tx, { sinceMs: nowMs - hours * HOUR_MS, limit: DEFAULTS.failures }),
    }));
    const parts = new Map<number, MinuteSampleRow[]>();
    for (const sample of samples) {
      const part = Math.floor((sample.minute - start) / stepMinutes);
      parts.set(part, [...(parts.get(part) ?? []), sample]);
    }
    return {
      stepMinutes,
      knownSince: firstKnown === undefined ? null : new Date(firstKnown * MINUTE_MS).toISOString(),
      buckets: Array.from({ length: count }, (_, part) =>
        bucketOf(parts.get(part) ?? [], start + part * stepMinutes, { step: stepMinutes, firstKnown, now }),
      ),
      failures: failures.map(({ atMs, sessionKey, jobId, ...rest }) => ({
        ...rest,
        at: new Date(atMs).toISOString(),
        session: sessionKey,
        job_id: jobId,
      })),
    };
  };
}
