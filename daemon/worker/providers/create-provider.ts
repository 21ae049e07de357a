/** One provider for each API kind, all with the same behaviour. Part of the bundle that speaks to vendors. */
import type { LanguageModel } from 'ai';
import type { CompletionEvent } from './completion.js';
import { forwardCall } from './forward-call.js';
import type { ConnectionSettings, ForwardEvent, Provider, ProviderEvent } from './provider.js';
import { CONNECT } from './sdk/connect.js';
import { CallNotes, completeWithModel } from './sdk/sdk-completion.js';
import { streamModel } from './sdk/sdk-stream.js';

/** A shorter key is a placeholder for servers that need none, and may be part of any word. */
const MIN_SECRET_LENGTH = 8;

/** Hides the key in a failure: a provider may quote the key that it refuses. */
function withoutKey<Event extends ProviderEvent | CompletionEvent | ForwardEvent>(
  event: Event,
  apiKey: string | undefined,
): Event | Extract<Event, { type: 'failed' }> {
  if (event.type !== 'failed' || apiKey === undefined || apiKey.length < MIN_SECRET_LENGTH || !event.failure.detail.includes(apiKey))
    return event;
  return { ...event, failure: { ...event.failure, detail: event.failure.detail.replaceAll(apiKey, '[key]') } };
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
  const { id, name, api, apiKey } = settings;
  const modelOf = keepModels(CONNECT[api](settings));
  const notes = new CallNotes();
  return {
    id,
    name,
    async *stream(request, signal) {
      for await (const event of streamModel(modelOf(request.modelId), request, { api, signal })) yield withoutKey(event, apiKey);
    },
    async *complete(request, signal) {
      for await (const event of completeWithModel(modelOf(request.modelId), request, { api, notes, signal }))
        yield withoutKey(event, apiKey);
    },
    async *forward(request, signal) {
      for await (const event of forwardCall(settings, request, signal)) yield withoutKey(event, apiKey);
    },
  };
}
