/** The one way to call a model: ends a silent stream, and notes how the call went. */
import type { Clock } from '../../../../shared/clock.js';
import { describeFailure, type ProviderFailure } from '../../providers/failure.js';
import type { ResolvedModel } from '../../providers/registry.js';
import { SILENCE_TIMEOUT_MS } from '../../../../shared/config/defaults.js';
import { withIdleTimeout } from './idle-timeout.js';

type Failed = { readonly type: 'failed'; readonly failure: ProviderFailure };

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** Events before the first output. */
const SILENT: ReadonlySet<string> = new Set(['alive', 'reasoning', 'reasoningEnd', 'head']);

function failureOf(event: { readonly type: string }): ProviderFailure | undefined {
  return event.type === 'failed' ? (event as Failed).failure : undefined;
}

/**
 * Yields the events of a call. One that the caller ends is not noted, nor one that is too long for the model: both say nothing about it.
 * @param open  starts the call with a signal that also fires on silence
 */
export async function* callModel<Event extends { readonly type: string }>(
  { ref, failing, noteCall, silenceTimeoutMs = SILENCE_TIMEOUT_MS }: ResolvedModel,
  open: (signal: AbortSignal) => AsyncIterable<Event>,
  { signal, clock }: CallOptions,
): AsyncGenerator<Event | Failed> {
  const startedAtMs = clock.now();
  let firstTokenMs: number | null = null;
  for await (const event of withIdleTimeout(open, { signal, idleMs: silenceTimeoutMs, clock })) {
    const failure = failureOf(event);
    if (event.type === 'finish' || event.type === 'end') noteCall?.({ ref, endedAtMs: clock.now(), firstTokenMs, error: null });
    else if (failure !== undefined && failure.kind !== 'tooLong')
      noteCall?.({ ref, endedAtMs: clock.now(), firstTokenMs, error: describeFailure(failure, failing, 'stateless').message });
    else if (!SILENT.has(event.type)) firstTokenMs ??= clock.now() - startedAtMs;
    yield event;
  }
}
