/** Reads a running completion for an HTTP client, whatever API the client speaks. The encodings are in `openai/` and its neighbours. */
import { GatewayError } from '../../../shared/errors.js';
import type { CompletionOutput } from '../models/completion-call.js';
import type { PulledEvents } from './connection/pulled-events.js';

/** In characters. Longer than any model's answer. Streams are not collected and have no such limit. */
const MAX_COLLECTED = 16_000_000;

/** Yields every output until the end; undefined when a heartbeat is due. @throws the completion's error, or the signal's reason */
export async function* outputsOf(events: PulledEvents<CompletionOutput>): AsyncGenerator<CompletionOutput | undefined> {
  for await (const output of events) {
    if (output?.type === 'error') throw output.error;
    yield output;
    if (output?.type === 'finish') return;
  }
  throw new GatewayError('INTERNAL_ERROR', { message: 'the completion stream closed without a terminal event' });
}

/**
 * Yields every output of an answer that is sent as one document.
 * @throws as {@link outputsOf}; AGENT_ERROR for an answer that does not end
 */
export async function* collectedOutputs(events: PulledEvents<CompletionOutput>): AsyncGenerator<CompletionOutput> {
  let length = 0;
  for await (const output of outputsOf(events)) {
    if (output === undefined) continue;
    if ('text' in output) length += output.text.length;
    if (output.type === 'image') length += output.url.length;
    if (length > MAX_COLLECTED)
      throw new GatewayError('AGENT_ERROR', {
        message: `The answer is longer than ${MAX_COLLECTED} characters.`,
        hint: 'Use "stream": true.',
      });
    yield output;
  }
}
