/** Signals that abort with others. */
import { setMaxListeners } from 'node:events';

/**
 * Runs `work` with a signal that aborts with the first of `signals`, and leaves nothing in them afterwards. Use it in place of `AbortSignal.any` where
 * a source outlives the work, as that of an account's end does: Node keeps a reference to every combined signal in each of its sources.
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
