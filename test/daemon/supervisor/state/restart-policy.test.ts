import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Death,
  FAILED_SCORE,
  FIRST_DELAY_MS,
  FORGIVE_AFTER_MS,
  MAX_DELAY_MS,
  RestartPolicy,
} from '../../../../daemon/supervisor/state/restart-policy.js';

const crash: Death = { hadServed: false, healthyMs: 0, killedFromOutside: false, failedToSpawn: false, permanent: false };
const shotDown: Death = { hadServed: true, healthyMs: 100, killedFromOutside: true, failedToSpawn: false, permanent: false };

function decide(policy: RestartPolicy, deaths: readonly Death[]): string[] {
  return deaths.map((death) => {
    const { verdict, delayMs } = policy.recordDeath(death);
    return `${verdict} ${delayMs}`;
  });
}

describe('without jitter', () => {
  const policyWithoutJitter = (): RestartPolicy => new RestartPolicy(() => 1);

  test('quick deaths respawn at once, then after doubling delays, then only at the cap', () => {
    const decisions = decide(policyWithoutJitter(), Array<Death>(6).fill(crash));
    expect(decisions).toEqual(['now 0', 'later 100', 'later 200', 'later 400', 'failed 30000', 'failed 30000']);
  });

  test('a death after a healthy minute starts with a clean sheet', () => {
    const policy = policyWithoutJitter();
    decide(policy, Array<Death>(5).fill(crash));
    expect(decide(policy, [{ ...crash, hadServed: true, healthyMs: FORGIVE_AFTER_MS }])).toEqual(['now 0']);
  });

  test('a death a moment before the healthy minute is over does not', () => {
    const policy = policyWithoutJitter();
    decide(policy, Array<Death>(5).fill(crash));
    expect(decide(policy, [{ ...crash, hadServed: true, healthyMs: FORGIVE_AFTER_MS - 1 }])).toEqual(['failed 30000']);
  });

  test('what was forgiven counts no more', () => {
    const policy = policyWithoutJitter();
    decide(policy, Array<Death>(5).fill(crash));
    policy.forgive();
    expect(decide(policy, [crash, crash])).toEqual(['now 0', 'later 100']);
  });

  test('a worker that asks not to be respawned is tried again at the cap only', () => {
    expect(decide(policyWithoutJitter(), [{ ...crash, permanent: true }])).toEqual(['failed 30000']);
  });

  test('while no process can be started the tries go on every two seconds', () => {
    const decisions = decide(policyWithoutJitter(), Array<Death>(6).fill({ ...crash, failedToSpawn: true }));
    expect(decisions).toEqual(['now 0', 'later 100', 'later 200', 'later 400', 'failed 2000', 'failed 2000']);
  });

  test('a serving worker that somebody kills comes back at once, a hundred times in a row', () => {
    const decisions = decide(policyWithoutJitter(), Array<Death>(100).fill(shotDown));
    expect(new Set(decisions)).toEqual(new Set(['now 0']));
  });

  test('a worker that the kernel kills repeatedly ends as failed, too', () => {
    const decisions = decide(policyWithoutJitter(), Array<Death>(200).fill(shotDown));
    expect(decisions.at(-1)).toBe('failed 30000');
  });

  test('kills from outside do not lengthen the delay after a crash', () => {
    expect(decide(policyWithoutJitter(), [shotDown, shotDown, crash, shotDown, crash])).toEqual([
      'now 0',
      'now 0',
      'now 0',
      'now 0',
      'later 100',
    ]);
  });

  test('a kill before the worker served counts like a crash', () => {
    const early = { ...shotDown, hadServed: false };
    expect(decide(policyWithoutJitter(), [early, early])).toEqual(['now 0', 'later 100']);
  });
});

test('delays are between half and all of their nominal value, as the random number says', () => {
  for (const [random, delayMs] of [
    [0, 50],
    [0.5, 75],
    [0.999, 100],
  ] as const) {
    const policy = new RestartPolicy(() => random);
    policy.recordDeath(crash);
    expect(policy.recordDeath(crash)).toEqual({ verdict: 'later', delayMs });
  }
});

test('whatever series of deaths: delays stay within the limits, and failed comes from the score or a wish alone', () => {
  const death = fc.record({
    hadServed: fc.boolean(),
    healthyMs: fc.integer({ min: 0, max: 2 * FORGIVE_AFTER_MS }),
    killedFromOutside: fc.boolean(),
    failedToSpawn: fc.boolean(),
    permanent: fc.boolean(),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.array(death, { maxLength: 50 }), random, (deaths, chance) => {
      const policy = new RestartPolicy(() => chance);
      deaths.forEach((one, index) => {
        const { verdict, delayMs } = policy.recordDeath(one);
        if (verdict === 'now') expect(delayMs).toBe(0);
        else expect(delayMs).toBeGreaterThanOrEqual(FIRST_DELAY_MS / 2);
        expect(delayMs).toBeLessThanOrEqual(MAX_DELAY_MS);
        if (one.permanent) expect(verdict).toBe('failed');
        else if (index < FAILED_SCORE - 1 && deaths.slice(0, index).every(({ permanent }) => !permanent))
          expect(verdict).not.toBe('failed');
      });
    }),
  );
});
