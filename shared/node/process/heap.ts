/** Limits how much garbage a gateway process keeps before V8 collects it. */
import { setFlagsFromString } from 'node:v8';

/** Percentage of the memory in use. V8's own value is up to 300, higher on machines with more memory. */
const MAX_GARBAGE_PERCENT = 50;

/** A worker that is busy all day would otherwise grow from 190 MB to over 300 MB within minutes, most of it garbage. */
export function limitGarbage(): void {
  setFlagsFromString(`--heap-growing-percent=${MAX_GARBAGE_PERCENT}`);
}
