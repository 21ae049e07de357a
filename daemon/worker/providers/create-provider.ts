/** Creates a provider for each API kind, all with the same behaviour. Part of the vendor bundle. */
import type { LanguageModel } from 'ai';
import { isSecretName } from '../../../shared/config/secrets.js';
import { oneLine } from '../../../shared/text/one-line.js';
import type { ProviderFailure } from './failure.js';
import { forwardCall } from './forward-call.js';
import type { ConnectionSettings, Provider, ProviderEvent } from './provider.js';
import { CONNECT } from './sdk/connect.js';
import { CallNotes } from './sdk/call-notes.js';
import { type CallHow, completeWithModel, countWithModel } from './sdk/sdk-completion.js';
import { toFailure } from './sdk/sdk-failure.js';
import { streamModel } from './sdk/sdk-stream.js';
import { transcribe } from './sdk/transcribe.js';
import { withSentIds } from './sdk/vendors/call-ids.js';
import { differencesOf } from './sdk/vendors/differences.js';

type Failed = Extract<ProviderEvent, { type: 'failed' }>;

const isFailed = (event: { readonly type: string }): event is Failed => event.type === 'failed';

const MAX_DETAIL_LENGTH = 300;
/** A shorter key is a placeholder for servers that need none, and may be part of any word. */
const MIN_SECRET_LENGTH = 8;

/** Returns the texts that must not be shown, because a provider may quote the key or a header that it refuses. */
function secretsOf({ apiKey = '', headers = {} }: ConnectionSettings): string[] {
  const named = Object.entries(headers).flatMap(([name, value]) => (isSecretName(name) ? [value, value.replace(/^\S+ /, '')] : []));
  const words = [apiKey, ...named];
  return words.map((word) => word.trim()).filter((word) => word.length >= MIN_SECRET_LENGTH);
}

/** Yields the events of a call. Any error while an answer is read ends the call as a failure, and failures contain no secrets. */
async function* contain<Event extends { readonly type: string }>(
  events: AsyncIterable<Event>,
  secrets: readonly string[],
): AsyncGenerator<Event | Failed> {
  const clean = (failure: ProviderFailure): Failed => {
    const masked = secrets.reduce((text, secret) => text.replaceAll(secret, '[key]'), failure.detail);
    return { type: 'failed', failure: { ...failure, detail: oneLine(masked, MAX_DETAIL_LENGTH) } };
  };
  try {
    for await (const event of events) yield isFailed(event) ? clean(event.failure) : event;
  } catch (error) {
    yield clean(toFailure(error));
  }
}

/** Bounds the cache: callers may name models that do not exist. */
const MAX_MODELS = 64;

/** Caches the SDK's models: they hold no state, but making one costs more than a call. */
function keepModels(connect: (modelId: string) => LanguageModel): (modelId: string) => LanguageModel {
  const models = new Map<string, LanguageModel>();
  return (modelId) => {
    const known = models.get(modelId);
    if (known !== undefined) return known;
    const model = connect(modelId);
    for (const oldest of models.keys()) {
      if (models.size < MAX_MODELS) break;
      models.delete(oldest);
    }
    models.set(modelId, model);
    return model;
  };
}

export function createProvider(settings: ConnectionSettings): Provider {
  const { id, name, api } = settings;
  const secrets = secretsOf(settings);
  const modelOf = keepModels(CONNECT[api](settings));
  const notes = new CallNotes();
  const howOf = (modelId: string, signal: AbortSignal): CallHow => ({ api, notes, signal, differences: differencesOf(modelId, settings) });
  return {
    id,
    name,
    stream: (request, signal) => contain(streamModel(modelOf(request.modelId), request, howOf(request.modelId, signal)), secrets),
    complete: (request, signal) =>
      contain(completeWithModel(modelOf(request.modelId), withSentIds(request, api), howOf(request.modelId, signal)), secrets),
    // The other APIs have no such call, or one that counts something else.
    ...(api === 'anthropic-messages'
      ? {
          count: (request, signal) =>
            contain(countWithModel(modelOf(request.modelId), withSentIds(request, api), howOf(request.modelId, signal)), secrets),
        }
      : {}),
    forward: (request, signal) => contain(forwardCall(settings, request, signal), secrets),
    transcribe: (request, signal) => contain(transcribe(settings, request, signal), secrets),
  };
}
