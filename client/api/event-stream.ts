/** Reads server-sent events (WHATWG HTML, section "Server-sent events"). */
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { GatewayError } from '../../shared/errors.js';

export interface ServerEvent {
  /** Default `message`. */
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Of one event. */
const MAX_EVENT_CHARACTERS = 4_194_304;

const toServerEvent = ({ event = 'message', data, id }: EventSourceMessage): ServerEvent => ({ event, data, id });

/**
 * Yields the events of a UTF-8 byte stream; an unfinished one at the end is dropped, as specified.
 * @throws INTERNAL_ERROR for an event of more than 4 MiB characters
 */
export async function* readEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  const parsed: EventSourceMessage[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: (event) => parsed.push(event),
    onError: ({ type }) => (isTooLong ||= type === 'max-buffer-size-exceeded'),
  });
  for await (const chunk of chunks) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* parsed.splice(0).map(toServerEvent);
    if (isTooLong)
      throw new GatewayError('INTERNAL_ERROR', { message: `an event of the stream has more than ${MAX_EVENT_CHARACTERS} characters` });
  }
}
