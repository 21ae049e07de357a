/** Server-sent events, parsed while the response arrives. */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

interface StreamedEvent {
  readonly name: string;
  /** Parsed JSON. */
  readonly data: unknown;
}

/** The gateway sends at least a comment every 15 s. A connection that was lost may never report it. */
const SILENCE_MS = 40_000;

/** Yields the events until the stream ends, or has been silent for too long. Leaving the loop cancels the response. */
export async function* readEventStream(response: Response): AsyncGenerator<StreamedEvent> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const cancel = (): Promise<void> => reader.cancel().catch(() => undefined);
  try {
    for (;;) {
      const timer = setTimeout(() => void cancel(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(timer));
      if (done) return;
      parser.feed(value);
      for (const { event = 'message', data } of events.splice(0)) yield { name: event, data: JSON.parse(data) as unknown };
    }
  } finally {
    await cancel();
  }
}
