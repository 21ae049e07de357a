/** Decides the state of a delivery after an attempt. Pure: time and randomness are parameters. */
import { sayOfChannel } from '../../../shared/text/sentences/channel.js';
import type { SendOutcome } from '../channels/channel.js';

/** Messages expire after this time. */
export const MESSAGE_TTL_MS = 24 * 60 * 60 * 1_000;

const FIRST_BACKOFF_MS = 1_000;
/** The longest delay of a message after an outage has ended. */
const LAST_BACKOFF_MS = 300_000;
/** Jitter that spreads the retries of many chats; only ever added, so that a wait is never too short. */
const JITTER = 0.25;

export type DeliveryDecision =
  | { readonly state: 'delivered'; readonly sentId?: string | undefined }
  | { readonly state: 'dead'; readonly error: string }
  | { readonly state: 'unknown'; readonly error: string }
  | { readonly state: 'retry_wait'; readonly error: string; readonly dueAtMs: number }
  /** The attempt is not counted. `body`: to be sent instead. */
  | { readonly state: 'queued'; readonly body?: string };

/** @param attempts  the number of failed attempts, at least 1. @param random  0 ≤ x < 1. @returns milliseconds until the next */
export function backoffMs(attempts: number, random: number): number {
  // The exponent is bounded: the maximum is reached long before 2^20.
  const base = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attempts - 1, 20), LAST_BACKOFF_MS);
  return Math.round(base * (1 + JITTER * random));
}

export interface AttemptFacts {
  /** How often this delivery had failed before. */
  readonly attempts: number;
  /** Whether the other side ignores a repeated delivery. */
  readonly isIdempotent: boolean;
  readonly nowMs: number;
  readonly expiresAtMs: number;
  /** 0 ≤ x < 1. */
  readonly random: number;
}

function retry(error: string, facts: AttemptFacts, retryAfterMs = 0): DeliveryDecision {
  // A receiver may ask for a fraction.
  const waitMs = Math.ceil(Math.max(backoffMs(facts.attempts + 1, facts.random), retryAfterMs));
  // Not later than the expiry, so that an expired message is noticed in time.
  return { state: 'retry_wait', error, dueAtMs: Math.min(facts.nowMs + waitMs, Math.max(facts.expiresAtMs, facts.nowMs)) };
}

export function decide(outcome: SendOutcome, facts: AttemptFacts): DeliveryDecision {
  switch (outcome.type) {
    case 'delivered':
      return { state: 'delivered', sentId: outcome.sentId };
    case 'refused':
      return { state: 'dead', error: outcome.reason };
    case 'failed':
      return retry(outcome.reason, facts, outcome.retryAfterMs);
    case 'unknown':
      return facts.isIdempotent ? retry(outcome.reason, facts) : { state: 'unknown', error: outcome.reason };
    case 'changed':
      return { state: 'queued', body: outcome.body };
    case 'interrupted':
      return { state: 'queued' };
  }
}

/**
 * Decides the state of a delivery with unknown outcome, because the worker that sent it has died or was
 * stopped. The attempt is not counted.
 */
export function decideInterrupted(isIdempotent: boolean, why: string): DeliveryDecision {
  return isIdempotent ? { state: 'queued' } : { state: 'unknown', error: sayOfChannel('delivery-interrupted', { what: why }) };
}
