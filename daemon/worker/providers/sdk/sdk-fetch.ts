/** How the SDKs reach a vendor. Part of the bundle that speaks to vendors. */
import { EndlessEventError, NotAStreamError } from './sdk-failure.js';

const MAX_ERROR_BODY_BYTES = 65_536;

/** Enough of a body to say what it is. */
export async function readStart(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let length = 0; reader !== undefined && length < MAX_ERROR_BODY_BYTES; length += chunks.at(-1)?.length ?? 0) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  await reader?.cancel();
  return Buffer.concat(chunks).toString('utf8').slice(0, MAX_ERROR_BODY_BYTES);
}

/** No event of an answer is longer; what is, would fill the memory before anybody could look at it. */
const MAX_EVENT_BYTES = 16 * 1_048_576;

/** Fails a stream whose events never end. One stream that pulls: a transform would be two, and a hold-up before the first word. */
function limitEvents(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { done, value } = await reader.read();
    if (done) return controller.close();
    const text = Buffer.from(value.buffer, value.byteOffset, value.length);
    const end = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n'));
    bytes = end < 0 ? bytes + value.length : value.length - end;
    if (bytes <= MAX_EVENT_BYTES) return controller.enqueue(value);
    await reader.cancel();
    throw new EndlessEventError();
  };
  return new ReadableStream({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
}

/**
 * A page or a JSON document with status 200 would reach us as a stream without events.
 * Other types pass: servers exist that stream events as `text/plain`.
 */
export async function fetchStream(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  // Followed, a redirect would take the key to wherever it leads.
  const response = await fetch(input, { ...init, redirect: 'manual' });
  const { status, headers, body } = response;
  const contentType = headers.get('content-type') ?? '';
  if (status >= 300 && status < 400) {
    await body?.cancel();
    throw new NotAStreamError({
      status,
      contentType: 'text/html',
      body: `<title>Moved to ${headers.get('location') ?? 'nowhere'}</title>`,
    });
  }
  if (!response.ok) return response;
  if (/^(text\/html|application\/json)/i.test(contentType))
    throw new NotAStreamError({ status, contentType, body: await readStart(response) });
  return body === null ? response : Object.defineProperty(response, 'body', { value: limitEvents(body) });
}
