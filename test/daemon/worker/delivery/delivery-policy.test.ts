import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SendOutcome } from '../../../../daemon/worker/channels/channel.js';
import { backoffMs, decide, decideInterrupted, type DeliveryDecision } from '../../../../daemon/worker/delivery/delivery-policy.js';

const NOW = 1_000_000;
const facts = { attempts: 0, isIdempotent: false, nowMs: NOW, expiresAtMs: NOW + 86_400_000, random: 0 };

const CASES: { title: string; outcome: SendOutcome; facts?: Partial<typeof facts>; expected: DeliveryDecision }[] = [
  { title: 'what was delivered is delivered', outcome: { type: 'delivered' }, expected: { state: 'delivered' } },
  {
    title: 'what was refused is dead at once',
    outcome: { type: 'refused', reason: 'no such chat' },
    expected: { state: 'dead', error: 'no such chat' },
  },
  {
    title: 'what has failed is sent again after a second',
    outcome: { type: 'failed', reason: 'refused' },
    expected: { state: 'retry_wait', error: 'refused', dueAtMs: NOW + 1_000 },
  },
  {
    title: 'the wait doubles with each failure',
    outcome: { type: 'failed', reason: 'x' },
    facts: { attempts: 4 },
    expected: { state: 'retry_wait', error: 'x', dueAtMs: NOW + 16_000 },
  },
  {
    title: 'a receiver that asks for more time gets it',
    outcome: { type: 'failed', reason: 'x', retryAfterMs: 30_000 },
    expected: { state: 'retry_wait', error: 'x', dueAtMs: NOW + 30_000 },
  },
  {
    title: 'a wait is whole milliseconds, which a database needs',
    outcome: { type: 'failed', reason: 'x', retryAfterMs: 1_234.5 },
    expected: { state: 'retry_wait', error: 'x', dueAtMs: NOW + 1_235 },
  },
  {
    title: 'a receiver that asks for less time gets the backoff',
    outcome: { type: 'failed', reason: 'x', retryAfterMs: 10 },
    facts: { attempts: 2 },
    expected: { state: 'retry_wait', error: 'x', dueAtMs: NOW + 4_000 },
  },
  {
    title: 'no retry is planned beyond the end of the message',
    outcome: { type: 'failed', reason: 'x', retryAfterMs: 60_000 },
    facts: { expiresAtMs: NOW + 5_000 },
    expected: { state: 'retry_wait', error: 'x', dueAtMs: NOW + 5_000 },
  },
  {
    title: 'an unknown outcome stays unknown',
    outcome: { type: 'unknown', reason: 'reset' },
    expected: { state: 'unknown', error: 'reset' },
  },
  {
    title: 'an unknown outcome is tried again where repetitions are dropped',
    outcome: { type: 'unknown', reason: 'reset' },
    facts: { isIdempotent: true },
    expected: { state: 'retry_wait', error: 'reset', dueAtMs: NOW + 1_000 },
  },
  { title: 'an interrupted attempt did not happen', outcome: { type: 'interrupted' }, expected: { state: 'queued' } },
];

describe('what becomes of a delivery after an attempt', () => {
  test.each(CASES)('$title', ({ outcome, expected, facts: change }) => {
    expect(decide(outcome, { ...facts, ...change })).toEqual(expected);
  });

  test('one that a dead worker was sending is sent again only where repetitions are dropped', () => {
    expect(decideInterrupted(true, 'the worker ended')).toEqual({ state: 'queued' });
    expect(decideInterrupted(false, 'the worker ended')).toEqual({
      state: 'unknown',
      error: 'the worker ended during the send; the message may have arrived',
    });
  });

  test('the backoff begins at one second, never exceeds 375 seconds, and never shrinks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (attempts, random) => {
        const wait = backoffMs(attempts, random);
        return wait >= 1_000 && wait <= 375_000 && backoffMs(attempts + 1, 0) >= backoffMs(attempts, 0);
      }),
    );
    expect([1, 2, 3, 9, 10].map((attempts) => backoffMs(attempts, 0))).toEqual([1_000, 2_000, 4_000, 256_000, 300_000]);
  });
});
