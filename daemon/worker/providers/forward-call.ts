/** Passes a call on to a provider that speaks OpenAI's API. Part of the vendor bundle. */
import { APICallError } from 'ai';
import { limitBody } from '../../../shared/node/limited-body.js';
import { mergeHeaders } from '../../../shared/node/merge-headers.js';
import { readStart } from './read-start.js';
import type { TokenUsage } from './completion.js';
import type { ProviderFailure } from './failure.js';
import type { ConnectionSettings, ForwardEvent, ForwardRequest } from './provider.js';
import { PATIENCE } from './sdk/patient-dispatcher.js';
import { UnexpectedTypeError, toFailure } from './sdk/sdk-failure.js';
import { MAX_ERROR_BODY_BYTES } from './sdk/sdk-fetch.js';

const ANSWER = /^application\/json\b/i;
/** Bytes kept of the beginning and of the end: servers put the usage before or after the numbers. */
const KEPT_BYTES = 1_024;
const PROMPT_TOKENS = /"prompt_tokens"\s*:\s*(\d{1,12})/;
const TOTAL_TOKENS = /"total_tokens"\s*:\s*(\d{1,12})/;

/** Finds the reported tokens of an answer while passing it on. */
class EmbeddingUsage {
  #start = Buffer.alloc(0);
  #end = Buffer.alloc(0);

  note(bytes: Uint8Array): void {
    if (this.#start.length < KEPT_BYTES) this.#start = Buffer.concat([this.#start, bytes.subarray(0, KEPT_BYTES)]);
    this.#end = Buffer.concat([this.#end, bytes.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
  }

  /** Source: https://platform.openai.com/docs/api-reference/embeddings/create. */
  read(): TokenUsage {
    const texts = [this.#end, this.#start].map((bytes) => bytes.toString('latin1'));
    const [count] = [PROMPT_TOKENS, TOTAL_TOKENS].flatMap((pattern) => texts.flatMap((text) => pattern.exec(text)?.[1] ?? []));
    return count === undefined ? { inputTokens: null, outputTokens: null } : { inputTokens: Number(count), outputTokens: 0 };
  }
}

/** Returns the URL and headers of a provider for that path; the names of the headers are in lower case. */
export function addressOf(
  { baseUrl, apiKey, headers }: ConnectionSettings,
  path: string,
): { url: string; headers: Record<string, string> } {
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  return { url: `${baseUrl.replace(/\/+$/, '')}/${path}`, headers: mergeHeaders(authorization, headers) };
}

/** Returns an error for a page, a redirect or an empty answer, whatever its status: these are not answers of the API. */
export async function refusalOf(response: Response, { url, signal }: { url: string; signal: AbortSignal }): Promise<Error | undefined> {
  const { ok, status } = response;
  const contentType = response.headers.get('content-type') ?? '';
  if (ok && ANSWER.test(contentType)) return undefined;
  const isMoved = status >= 300 && status < 400;
  const body = isMoved
    ? `<html><title>Moved to ${response.headers.get('location') ?? 'nowhere'}</title>`
    : (await readStart(response, MAX_ERROR_BODY_BYTES, signal)).text;
  if (ok) return new UnexpectedTypeError({ status, contentType, body });
  return new APICallError({
    message: response.statusText,
    url,
    requestBodyValues: {},
    statusCode: status,
    responseHeaders: Object.fromEntries(response.headers),
    responseBody: body,
  });
}

/** Never throws. Redirects are not followed, so that the key goes only to the provider. */
export async function* forwardCall(
  settings: ConnectionSettings,
  request: ForwardRequest,
  signal: AbortSignal,
): AsyncGenerator<ForwardEvent> {
  const { url, headers } = addressOf(settings, request.path);
  let hasBegun = false;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request.body),
      signal,
      ...PATIENCE,
      redirect: 'manual',
    });
    const refusal = await refusalOf(response, { url, signal });
    if (refusal !== undefined) throw refusal;
    hasBegun = true;
    yield { type: 'head', contentType: response.headers.get('content-type') ?? '' };
    const usage = new EmbeddingUsage();
    const body = response.body === null ? [] : limitBody(response.body, signal);
    for await (const bytes of body as AsyncIterable<Uint8Array>) {
      usage.note(bytes);
      yield { type: 'bytes', bytes };
    }
    yield { type: 'end', usage: usage.read() };
  } catch (error) {
    if (signal.aborted) return yield { type: 'aborted' };
    yield { type: 'failed', failure: failureOf(error, url, hasBegun) };
  }
}

/** @param hasBegun  whether the answer had begun with 200 */
export function failureOf(error: unknown, url: string, hasBegun: boolean): ProviderFailure {
  return toFailure(APICallError.isInstance(error) || error instanceof UnexpectedTypeError ? error : asCallError(error, url, hasBegun));
}

/** Wraps a network error in the form that `toFailure` reads. */
function asCallError(error: unknown, url: string, hasBegun: boolean): APICallError {
  return new APICallError({
    message: error instanceof Error ? error.message : String(error),
    url,
    requestBodyValues: {},
    cause: error,
    ...(hasBegun ? { statusCode: 200 } : {}),
  });
}
