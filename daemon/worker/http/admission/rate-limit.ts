/** Counts wrong credentials per client address (only requests with wrong credentials are ever refused for it), and requests of access tokens. */
import { networkOf } from '../../../../shared/node/ip-address.js';
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';

/** From this many failures within a minute on, the response is RATE_LIMITED. */
export const FAILURE_LIMIT = 20;
const WINDOW_SECONDS = 60;

export interface FailureLimiter {
  /** Counts one failure. @returns seconds to wait when the address has too many failures, else undefined */
  countFailure(address: string): Promise<number | undefined>;
}

export function createFailureLimiter(): FailureLimiter {
  const limiter = new RateLimiterMemory({ points: FAILURE_LIMIT - 1, duration: WINDOW_SECONDS });
  return {
    async countFailure(address) {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(networkOf(address));
      return consumedPoints < FAILURE_LIMIT ? undefined : Math.max(1, Math.ceil(msBeforeNext / 1_000));
    },
  };
}

/** Counts one request of `key`, which may send `perMinute`. @returns seconds to wait when it exceeds the limit, else undefined */
export type RequestLimiter = (key: string, perMinute: number) => Promise<number | undefined>;

export function createRequestLimiter(): RequestLimiter {
  const limiter = new RateLimiterMemory({ points: 1, duration: WINDOW_SECONDS });
  return async (key, perMinute) => {
    const { consumedPoints, msBeforeNext } = await limiter.penalty(key);
    return consumedPoints <= perMinute ? undefined : Math.max(1, Math.ceil(msBeforeNext / 1_000));
  };
}

/** Returns a function that resolves to true at most `count` times within `seconds`. */
export function createAllowance(count: number, seconds: number): () => Promise<boolean> {
  const limiter = new RateLimiterMemory({ points: count, duration: seconds });
  return async () => (await limiter.penalty('all')).consumedPoints <= count;
}
