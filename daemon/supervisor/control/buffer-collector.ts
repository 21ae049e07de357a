/**
 * Frees read buffers during a flood of output. Node reads a pipe into a new 64 KiB buffer each time, and V8 lets about 30 MB of them
 * pile up before it collects. A minor collection every few megabytes costs about 1 ms and keeps the supervisor's memory small.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const COLLECT_EVERY_BYTES = 4_194_304;

type Collect = (options: { type: 'minor' }) => void;

export class BufferCollector {
  #sinceBytes = 0;
  #collect: Collect | undefined;

  /** Counts bytes that have been read and dropped. */
  released(bytes: number): void {
    this.#sinceBytes += bytes;
    if (this.#sinceBytes < COLLECT_EVERY_BYTES) return;
    this.#sinceBytes = 0;
    this.#collect ??= exposeCollector();
    this.#collect({ type: 'minor' });
  }
}

/** Only once it is needed: most workers never print a megabyte. */
function exposeCollector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
