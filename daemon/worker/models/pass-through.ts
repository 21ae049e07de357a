/** Passes calls on to a model's provider unchanged. Only the model's name is read, and nothing is stored. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { callModel } from '../turns/model/call-model.js';
import type { ForwardEvent, ForwardRequest } from '../providers/provider.js';
import type { ProviderRegistry } from '../providers/registry.js';
import type { Purse } from '../spending/spending.js';
import { estimateTokens } from '../turns/model/context.js';
import type { Span } from '../tracing/span.js';
import { callError, type ForwardOutput } from './completion-call.js';

function refuse(model: string, path: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', {
    message: `'${model.slice(0, 200)}' does not support ${path}: these calls are forwarded to providers of OpenAI's API`,
    details: { param: 'model' },
    hint: 'Name a model as provider/model; GET /v1/models lists them.',
  });
}

export type ForwardCall = ForwardRequest & {
  readonly body: { readonly model: string };
  /** The access token that it is made with. */
  readonly tokenId?: string | undefined;
  readonly span?: Span | undefined;
};

interface PassOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly purse: Purse;
}

/** @throws MODEL_NOT_FOUND; INVALID_REQUEST for an agent, and for a provider of another API; the provider's error before its answer begins */
export async function* passThrough(
  registry: ProviderRegistry,
  { path, body, span }: ForwardCall,
  { signal, clock, purse }: PassOptions,
): AsyncGenerator<ForwardOutput> {
  if (!body.model.includes('/')) throw refuse(body.model, path);
  const resolved = registry.resolve(body.model);
  const { provider, modelId } = resolved;
  const settings = registry.settingsOf(provider.id);
  if (settings === undefined || !settings.api.startsWith('openai-') || provider.forward === undefined) throw refuse(body.model, path);
  const forward = provider.forward.bind(provider);
  const open = (limited: AbortSignal): AsyncIterable<ForwardEvent> => forward({ path, body: { ...body, model: modelId } }, limited);
  const inputTokens = (): number => estimateTokens(JSON.stringify(body));
  let hasBegun = false;
  for await (const event of callModel(resolved, open, { signal, clock, span, operation: path, purse, inputTokens })) {
    if (event.type === 'aborted' || event.type === 'failed') {
      const error = callError(event, signal, resolved);
      if (!hasBegun) throw error;
      return yield { type: 'error', error };
    }
    hasBegun = true;
    yield event;
  }
}
