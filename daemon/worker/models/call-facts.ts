/** Adds up model calls, and decides how well they work. Pure. */
import { isoTime } from '../../../shared/clock.js';
import { type Health, HEALTHY } from '../../../shared/api/fields.js';
import type { CallFacts } from '../../../shared/api/models.js';
import { knownSentence, whyOf } from '../../../shared/text/sentences/known.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';
import type { ModelCallCounts } from '../store/overview/model-calls.js';

/** This many failures without a success count as down; with successes, as degraded if they are a fifth of the calls. */
const MANY_FAILURES = 3;
const DEGRADED_SHARE = 0.2;

function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null;
}

type Sums = Omit<ModelCallCounts, 'ref' | 'firstTokensMs'>;

function healthOf({ calls, failures, lastSuccessAtMs, lastFailure }: Sums): Health {
  if (lastFailure === null) return HEALTHY;
  const healthFrom = (state: 'down' | 'degraded', what: string): Health => {
    const reason = sayOfIssue('with-last-error', { what, cause: lastFailure.message });
    return { state, reason, ...whyOf(reason) };
  };
  if (lastSuccessAtMs === null && failures >= MANY_FAILURES) return healthFrom('down', sayOfIssue('calls-all-failed', { count: calls }));
  const isFailing = lastFailure.atMs > (lastSuccessAtMs ?? 0);
  const isOften = failures >= MANY_FAILURES && failures >= calls * DEGRADED_SHARE;
  return isFailing || isOften ? healthFrom('degraded', sayOfIssue('calls-failed', { failures, count: calls })) : HEALTHY;
}

const newest = (times: readonly (number | null)[]): number | null => {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
};

/** @param counts  of one model, or of all models of a provider */
export function callFacts(counts: readonly ModelCallCounts[]): CallFacts {
  const failed = counts.flatMap(({ lastFailure }) => lastFailure ?? []).toSorted((a, b) => b.atMs - a.atMs);
  const sums: Sums = {
    calls: counts.reduce((sum, { calls }) => sum + calls, 0),
    failures: counts.reduce((sum, { failures }) => sum + failures, 0),
    lastSuccessAtMs: newest(counts.map(({ lastSuccessAtMs }) => lastSuccessAtMs)),
    lastFailure: failed[0] ?? null,
  };
  const { calls, failures, lastSuccessAtMs, lastFailure } = sums;
  return {
    health: healthOf(sums),
    lastHour: {
      calls,
      failures,
      lastSuccessAt: isoTime(lastSuccessAtMs),
      lastFailure: lastFailure && {
        at: isoTime(lastFailure.atMs),
        message: lastFailure.message,
        ...knownSentence(lastFailure.message),
      },
      firstTokenMs: median(counts.flatMap(({ firstTokensMs }) => firstTokensMs)),
    },
  };
}
