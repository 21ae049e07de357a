/** Builds the history of the last hours in parts: whether the gateway was up, its load, and failures. */
import type { OverviewHistory, OverviewHistoryQuery } from '../../../shared/api/gateway/overview.js';
import { type Clock, HOUR_MS, MINUTE_MS } from '../../../shared/clock.js';
import { whyOf } from '../../../shared/text/sentences/known.js';
import { listFailures } from '../store/overview/failures.js';
import { firstSampledMinute, mergeSamples, type MinuteSample, readSamples } from '../store/overview/minute-samples.js';
import type { Store } from '../store/store.js';

const DEFAULTS = { hours: 24, stepMinutes: 15, failures: 20 } as const;

type HistoryBucket = OverviewHistory['buckets'][number];

interface Frame {
  /** Length of a part in minutes. */
  readonly step: number;
  readonly firstKnown: number | undefined;
  /** The current minute, which has no complete sample yet. */
  readonly now: number;
}

function bucketOf(samples: readonly MinuteSample[], from: number, { step, firstKnown, now }: Frame): HistoryBucket {
  const known = firstKnown === undefined ? 0 : Math.max(0, Math.min(from + step, now) - Math.max(from, firstKnown));
  const ended = samples.filter(({ minute }) => minute < now).length;
  const downMinutes = Math.max(0, known - ended);
  // A part that has just begun has no complete minute yet, but the gateway is up, because it answers.
  const hasJustBegun = firstKnown !== undefined && from <= now && now < from + step;
  const state = known === 0 ? (hasJustBegun ? 'up' : 'unknown') : downMinutes === 0 ? 'up' : ended === 0 ? 'down' : 'partly';
  return { at: new Date(from * MINUTE_MS).toISOString(), state, downMinutes, ...mergeSamples(samples) };
}

export type ReadHistory = (query: OverviewHistoryQuery) => Promise<OverviewHistory>;

export function createOverviewHistory({ store, clock }: { store: Store; clock: Clock }): ReadHistory {
  return async ({ hours = DEFAULTS.hours, stepMinutes = DEFAULTS.stepMinutes }) => {
    const nowMs = clock.now();
    const now = Math.floor(nowMs / MINUTE_MS);
    // Parts start at multiples of their length, so that each request returns the same ones.
    const end = (Math.floor(now / stepMinutes) + 1) * stepMinutes;
    const count = Math.ceil((hours * 60) / stepMinutes);
    const start = end - count * stepMinutes;
    const { samples, firstKnown, failures } = await store.read(async (tx) => ({
      samples: await readSamples(tx, { fromMinute: start, untilMinute: end }),
      firstKnown: await firstSampledMinute(tx),
      failures: await listFailures(tx, { sinceMs: nowMs - hours * HOUR_MS, limit: DEFAULTS.failures }),
    }));
    const parts = new Map<number, MinuteSample[]>();
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
      failures: failures.map(({ atMs, ...rest }) => ({ ...rest, ...whyOf(rest.error), at: new Date(atMs).toISOString() })),
    };
  };
}
