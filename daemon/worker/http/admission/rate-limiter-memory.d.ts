// The package's index loads every store it has; the memory store alone is a hundredth of that and has no types of its own.
declare module 'rate-limiter-flexible/lib/RateLimiterMemory.js' {
  export { RateLimiterMemory as default } from 'rate-limiter-flexible';
}
