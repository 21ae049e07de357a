/** Counts wrong tokens per client address. Only a request that presents a wrong one is ever slowed down. */
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';

/** From this failure on within a minute, the answer is RATE_LIMITED. */
export const FAILURE_LIMIT = 20;
const WINDOW_SECONDS = 60;

/** One caller of an IPv6 network has all of a /64 to choose from. */
function keyOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  return [...groups, ...Array<string>(missing).fill('0'), ...(tail ?? '').split(':')].slice(0, 4).join(':');
}

export interface FailureLimiter {
  /** Counts one failure. @returns seconds to wait when the address has had too many, else undefined */
  countFailure(address: string): Promise<number | undefined>;
}

export function createFailureLimiter(): FailureLimiter {
  const limiter = new RateLimiterMemory({ points: FAILURE_LIMIT - 1, duration: WINDOW_SECONDS });
  return {
    async countFailure(address) {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(keyOf(address));
      return consumedPoints < FAILURE_LIMIT ? undefined : Math.max(1, Math.ceil(msBeforeNext / 1_000));
    },
  };
}
