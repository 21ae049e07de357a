/** Reads a stream of server-sent events. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { toError, unreachable } from './request.js';
import { XopcError } from './xopc-error.js';

export interface StreamedEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** OpenAI's chunks end with it. */
const END = '[DONE]';

function toEvent({ id, event = 'message', data }: EventSourceMessage, response: Response): StreamedEvent {
  const value: unknown = JSON.parse(data);
  const { error = null } = (value ?? {}) as { error?: { message?: unknown } | null };
  if (typeof error?.message === 'string') throw toError(value, response);
  // The Responses API of OpenAI has the fields of the error in the event itself.
  if (event === 'error') throw toError({ error: value }, response);
  return { ...(id === undefined ? {} : { id }), event, data: value };
}

/** Yields each event. Ends the request when the loop is left. @throws XopcError for an event that reports a failure of the stream */
export async function* readEvents(response: Response, signal: AbortSignal | undefined): AsyncGenerator<StreamedEvent> {
  const waiting: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void waiting.push(event) });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  // Node's fetch never ends a read of an aborted request whose answer has arrived completely.
  const stop = (): void => void reader?.cancel().catch(() => undefined);
  signal?.addEventListener('abort', stop);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const part = await reader?.read();
      signal?.throwIfAborted();
      if (part === undefined || part.done) return;
      parser.feed(decoder.decode(part.value, { stream: true }));
      for (const message of waiting.splice(0)) {
        if (message.data === END) return;
        yield toEvent(message, response);
      }
    }
  } catch (error) {
    if (error instanceof XopcError || signal?.aborted === true) throw error;
    throw unreachable('the stream has broken off', error);
  } finally {
    signal?.removeEventListener('abort', stop);
    await reader?.cancel().catch(() => undefined);
  }
}
