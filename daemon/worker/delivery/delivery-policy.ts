/** What becomes of a delivery after an attempt. Pure: time and chance are given. */
import type { SendOutcome } from '../channels/channel.js';

/** How long a message is worth sending. */
export const MESSAGE_TTL_MS = 24 * 60 * 60 * 1_000;

const FIRST_BACKOFF_MS = 1_000;
/** After a long outage messages arrive this soon. */
const LAST_BACKOFF_MS = 300_000;
/** Spreads the retries of many chats; added only, so that a wait is never shorter than it should be. */
const JITTER = 0.25;

export type DeliveryDecision =
  | { readonly state: 'delivered' }
  | { readonly state: 'dead'; readonly error: string }
  | { readonly state: 'unknown'; readonly error: string }
  | { readonly state: 'retry_wait'; readonly error: string; readonly dueAtMs: number }
  /** As if it had not been tried. */
  | { readonly state: 'queued' };

/** @param attempts  how many have failed, at least 1. @param random  0 ≤ x < 1. @returns milliseconds until the next */
export function backoffMs(attempts: number, random: number): number {
  // Beyond 2^20 the wait has long been the longest.
  const base = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attempts - 1, 20), LAST_BACKOFF_MS);
  return Math.round(base * (1 + JITTER * random));
}

export interface AttemptFacts {
  /** How often this delivery had failed before. */
  readonly attempts: number;
  /** Whether the other side drops a repetition. */
  readonly isIdempotent: boolean;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  /** 0 ≤ x < 1. */
  readonly random: number;
}

function retry(error: string, facts: AttemptFacts, retryAfterMs = 0): DeliveryDecision {
  const waitMs = Math.max(backoffMs(facts.attempts + 1, facts.random), retryAfterMs);
  // Not beyond its end, so that it is seen to have expired when it has.
  return { state: 'retry_wait', error, dueAtMs: Math.min(facts.nowMs + waitMs, Math.max(facts.expiresAtMs, facts.nowMs)) };
}

export function decide(outcome: SendOutcome, facts: AttemptFacts): DeliveryDecision {
  switch (outcome.type) {
    case 'delivered':
      return { state: 'delivered' };
    case 'refused':
      return { state: 'dead', error: outcome.reason };
    case 'failed':
      return retry(outcome.reason, facts, outcome.retryAfterMs);
    case 'unknown':
      return facts.isIdempotent ? retry(outcome.reason, facts) : { state: 'unknown', error: outcome.reason };
    case 'interrupted':
      return { state: 'queued' };
  }
}

/**
 * What becomes of a delivery whose outcome nobody can tell any more, because the worker that sent it is gone, or was
 * told to stop. That uses up no attempt.
 */
export function decideInterrupted(isIdempotent: boolean, why: string): DeliveryDecision {
  return isIdempotent ? { state: 'queued' } : { state: 'unknown', error: `${why} while this was being sent; it may have arrived` };
}
