/** Ends a provider's stream that has gone silent: a connection can stay open forever without a byte. */
import type { Clock } from '../../../../shared/clock.js';
import type { ProviderFailure } from '../../providers/failure.js';

export interface IdleLimit {
  /** Ends the stream on behalf of the caller. */
  readonly signal: AbortSignal;
  readonly idleMs: number;
  readonly clock: Clock;
}

/**
 * @param open  starts the stream with a signal that also fires on silence
 * @returns the stream's events; after `idleMs` without one, a `timeout` failure ends it
 */
export async function* withIdleTimeout<Event extends { readonly type: string }>(
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  limit: IdleLimit,
): AsyncGenerator<Event | { readonly type: 'failed'; readonly failure: ProviderFailure }> {
  const silence = new AbortController();
  const arm = (): (() => void) => limit.clock.after(limit.idleMs, () => silence.abort());
  let disarm = arm();
  try {
    for await (const event of open(AbortSignal.any([limit.signal, silence.signal]))) {
      disarm();
      if (event.type === 'aborted' && !limit.signal.aborted && silence.signal.aborted) {
        yield { type: 'failed', failure: { kind: 'timeout', status: null, detail: '', retryAfterMs: null } };
        return;
      }
      yield event;
      // The reader's own time does not count.
      disarm = arm();
    }
  } finally {
    disarm();
  }
}
