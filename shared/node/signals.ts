/** Combines abort signals. */
import { setMaxListeners } from 'node:events';

/**
 * Runs `work` with a signal that aborts with the first of `signals`, and removes its listeners afterwards. Use it instead of
 * `AbortSignal.any` if a source outlives the work, as an account's end signal does: Node keeps a reference to every combined signal
 * in each of its sources.
 */
export async function withSignal<Value>(signals: readonly AbortSignal[], work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const own = new AbortController();
  const releases = signals.map((source) => {
    const abort = (): void => own.abort(source.reason);
    if (source.aborted) abort();
    // One listener per running call; none of them remains.
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
