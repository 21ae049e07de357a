/** Signals that abort with others. */
import { setMaxListeners } from 'node:events';

/**
 * Runs `work` with a signal that aborts with the first of `signals`, and leaves nothing in them afterwards. Not `AbortSignal.any`: Node keeps a
 * reference to each of its signals in the sources for as long as these live, which is as long as the worker for the signal of its end.
 */
export async function withSignal<Value>(signals: readonly AbortSignal[], work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const own = new AbortController();
  const releases = signals.map((source) => {
    const abort = (): void => own.abort(source.reason);
    if (source.aborted) abort();
    // As many as are at work; none of them stays.
    setMaxListeners(0, source);
    source.addEventListener('abort', abort, { once: true });
    return () => source.removeEventListener('abort', abort);
  });
  try {
    return await work(own.signal);
  } finally {
    for (const release of releases) release();
  }
}
