/** Counts wrong credentials, requests of access tokens, and other events by their key. */
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js';

/** Counts one event of `key`. @returns seconds to wait when there were more than `most` within the window, else undefined */
export type Limiter = (key: string, most: number) => Promise<number | undefined>;

export function createLimiter(windowSeconds: number): Limiter {
  const limiter = new RateLimiterMemory({ points: 1, duration: windowSeconds });
  return async (key, most) => {
    const { consumedPoints, msBeforeNext } = await limiter.penalty(key);
    return consumedPoints <= most ? undefined : Math.max(1, Math.ceil(msBeforeNext / 1_000));
  };
}
