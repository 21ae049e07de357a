/** Reads server-sent events (WHATWG HTML, section "Server-sent events"). */
import { GatewayError } from '../../shared/errors.js';

export interface ServerEvent {
  /** Default `message`. */
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** One event, and a line that is not finished yet. */
const MAX_EVENT_CHARACTERS = 4_194_304;

class EventBuilder {
  #event = '';
  #data: string[] = [];
  #id: string | undefined;
  #length = 0;

  /** @returns an event when the line is the empty one that ends it */
  push(line: string): ServerEvent | undefined {
    if (line === '') return this.#finish();
    this.#length += line.length;
    if (this.#length > MAX_EVENT_CHARACTERS) throw tooLong();
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id') this.#id = value;
    return undefined;
  }

  #finish(): ServerEvent | undefined {
    const event = { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    this.#length = 0;
    return isEmpty ? undefined : event;
  }
}

function tooLong(): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { message: `an event of the stream has more than ${MAX_EVENT_CHARACTERS} characters` });
}

/** Yields the events of a UTF-8 byte stream; an unfinished one at its end is dropped, as the specification says. */
export async function* readEvents(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  const builder = new EventBuilder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    // A carriage return at the very end may be half of a line break.
    const lines = rest.replace(/\r$/, '').split(/\r\n|\n|\r/);
    const unfinished = `${lines.pop() ?? ''}${rest.endsWith('\r') ? '\r' : ''}`;
    rest = unfinished;
    if (rest.length > MAX_EVENT_CHARACTERS) throw tooLong();
    for (const line of lines) {
      const event = builder.push(line);
      if (event !== undefined) yield event;
    }
  }
  const last = rest.endsWith('\r') ? builder.push(rest.slice(0, -1)) : undefined;
  if (last !== undefined) yield last;
}
