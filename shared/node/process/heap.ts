/** Limits the memory that V8 takes: garbage that it keeps, and the optimizing compiler's working memory. */
import { setFlagsFromString } from 'node:v8';

/** Percentage of the memory in use. V8's own value is up to 300, higher on machines with more memory. */
const MAX_GARBAGE_PERCENT = 50;

/** A worker that is busy all day would otherwise grow from 190 MB to over 300 MB within minutes, most of it garbage. */
export function limitGarbage(): void {
  setFlagsFromString(`--heap-growing-percent=${MAX_GARBAGE_PERCENT}`);
}

/**
 * For a process that computes little: V8's optimizing compiler works with megabytes at a time, and the C library keeps its peak
 * forever.
 */
export function doNotOptimize(): void {
  setFlagsFromString('--no-opt');
}
