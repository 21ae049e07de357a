// The package's index loads all of its stores; the memory store alone is a hundredth of that but has no types of its own.
declare module 'rate-limiter-flexible/lib/RateLimiterMemory.js' {
  export { RateLimiterMemory as default } from 'rate-limiter-flexible';
}
