/** How the SDKs reach a vendor. Part of the bundle that speaks to vendors. */
import { NotAStreamError } from './sdk-failure.js';

const MAX_ERROR_BODY_BYTES = 65_536;

/** Enough of a body to say what it is. */
async function readStart(response: Response): Promise<string> {
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

/**
 * A page or a JSON document with status 200 would reach us as a stream without events.
 * Other types pass: servers exist that stream events as `text/plain`.
 */
export async function fetchStream(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  const contentType = response.headers.get('content-type') ?? '';
  if (!response.ok || !/^(text\/html|application\/json)/i.test(contentType)) return response;
  throw new NotAStreamError({ status: response.status, contentType, body: await readStart(response) });
}
