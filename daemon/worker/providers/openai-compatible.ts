/** Chat completions as OpenAI defined them, which most hosted and local servers speak. Part of the bundle that speaks to vendors. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { ConnectionSettings, Provider, ProviderEvent } from './provider.js';
import { NotAStreamError } from './sdk-failure.js';
import { streamModel } from './sdk-stream.js';

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
async function fetchStream(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  const contentType = response.headers.get('content-type') ?? '';
  if (!response.ok || !/^(text\/html|application\/json)/i.test(contentType)) return response;
  throw new NotAStreamError({ status: response.status, contentType, body: await readStart(response) });
}

/** A shorter key is a placeholder for servers that want none, and may be part of any word. */
const MIN_SECRET_LENGTH = 8;

/** A provider may quote the key that it refuses. */
function withoutKey(event: ProviderEvent, apiKey: string | undefined): ProviderEvent {
  if (event.type !== 'failed' || apiKey === undefined || apiKey.length < MIN_SECRET_LENGTH || !event.failure.detail.includes(apiKey))
    return event;
  return { type: 'failed', failure: { ...event.failure, detail: event.failure.detail.replaceAll(apiKey, '[key]') } };
}

export function createOpenAiCompatible(settings: ConnectionSettings): Provider {
  const { id, name, baseUrl, apiKey, headers } = settings;
  const connect = createOpenAICompatible({
    name: id,
    baseURL: baseUrl,
    // Without it, servers that keep to the letter count no tokens.
    includeUsage: true,
    fetch: fetchStream,
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  });
  return {
    id,
    name,
    async *stream(request, signal) {
      for await (const event of streamModel(connect.chatModel(request.modelId), request, signal)) yield withoutKey(event, apiKey);
    },
  };
}
