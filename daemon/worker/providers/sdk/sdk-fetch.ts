/** The `fetch` of the SDKs. Part of the vendor bundle. */
import { type BodyLimits, limitBody } from '../../../../shared/node/limited-body.js';
import { readStart } from '../read-start.js';
import { PATIENCE } from './patient-dispatcher.js';
import { EndlessAnswerError, UnexpectedTypeError } from './sdk-failure.js';
import { streamOfWhole } from './whole-answer.js';

/** Enough of a body to recognise it. */
export const MAX_ERROR_BODY_BYTES = 65_536;

/** Bounds the memory of one event: the SDK keeps an event until it is complete. */
const MAX_EVENT_BYTES = 16 * 1_048_576;
/** Bounds the memory of an answer: if the request has tools, all of it is kept until it ends. Long answers have about 40 MB of events. */
const MAX_ANSWER_BYTES = 128 * 1_048_576;

const LIMITS: BodyLimits = {
  maxBytes: MAX_ANSWER_BYTES,
  maxEventBytes: MAX_EVENT_BYTES,
  tooLong: (what) => new EndlessAnswerError(what === 'event' ? 'an event of the answer' : 'the answer'),
};

/** Reads an answer that arrived as one document. @throws UnexpectedTypeError for any other document */
async function readWhole(response: Response, contentType: string, signal: RequestInit['signal']): Promise<Response> {
  const { text, isWhole } = await readStart(response, MAX_EVENT_BYTES, signal);
  if (!isWhole) throw new EndlessAnswerError('the answer');
  const stream = streamOfWhole(text);
  if (stream === undefined)
    throw new UnexpectedTypeError({ status: response.status, contentType, body: text.slice(0, MAX_ERROR_BODY_BYTES) });
  return new Response(stream, { headers: { 'Content-Type': 'text/event-stream' } });
}

/**
 * Refuses a page with status 200, which would be read as a stream without events, and reads an answer in one document as a stream.
 * Other types pass, because some servers stream events as `text/plain`.
 */
export async function fetchStream(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  // A followed redirect would send the key to another server.
  const response = await fetch(input, { ...init, ...PATIENCE, redirect: 'manual' });
  const { status, statusText, headers, body } = response;
  const contentType = headers.get('content-type') ?? '';
  if (status >= 300 && status < 400) {
    await body?.cancel();
    throw new UnexpectedTypeError({
      status,
      contentType: 'text/html',
      body: `<title>Moved to ${headers.get('location') ?? 'nowhere'}</title>`,
    });
  }
  // The SDK reads the whole body of an error.
  if (!response.ok)
    return new Response((await readStart(response, MAX_ERROR_BODY_BYTES, init?.signal)).text, { status, statusText, headers });
  if (/^application\/json/i.test(contentType)) return await readWhole(response, contentType, init?.signal);
  if (/^text\/html/i.test(contentType))
    throw new UnexpectedTypeError({ status, contentType, body: (await readStart(response, MAX_ERROR_BODY_BYTES, init?.signal)).text });
  return body === null ? response : Object.defineProperty(response, 'body', { value: limitBody(body, init?.signal, LIMITS) });
}
