/** Finds the provider and the model behind `provider/model`, and lists what there is. Made anew when `models.json` changes. */
import type { Clock } from '../../../shared/clock.js';
import type { ModelConfig, ModelsDocument } from '../../../shared/config/models-schema.js';
import { GatewayError } from '../../../shared/errors.js';
import type { FailingModel } from './describe-failure.js';
import type { AiModule, ConnectionSettings, Provider, ProviderEvent } from './provider.js';
import { readProviders, type ProviderEntry, type VariableLookup } from './provider-entry.js';

/** A model that can be called. */
export interface ResolvedModel {
  /** `provider/model`. */
  readonly ref: string;
  readonly modelId: string;
  readonly provider: Provider;
  /** Tokens; null when unknown. */
  readonly contextWindow: number | null;
  readonly maxTokens: number | null;
  /** For the words of a failure. */
  readonly failing: FailingModel;
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number | null;
  readonly maxTokens: number | null;
  readonly reasoning: boolean;
  readonly input: readonly string[];
}

/** A provider that is part of the gateway. */
export interface BuiltInProvider {
  readonly provider: Provider;
  readonly model: ModelInfo;
}

export interface RegistryOptions {
  readonly document: ModelsDocument;
  readonly lookup: VariableLookup;
  /** The bundle that speaks to vendors; loaded by the first call. */
  ai(): AiModule;
  /** Asks a server for its models. A rejection means: it does not say. */
  listModels(settings: ConnectionSettings): Promise<string[]>;
  readonly builtIn: BuiltInProvider;
  readonly clock: Clock;
}

/** How long a server's list of models counts. */
const LISTING_TTL_MS = 30_000;

function splitRef(ref: string): { providerId: string; modelId: string } {
  const slash = ref.indexOf('/');
  return { providerId: ref.slice(0, Math.max(slash, 0)), modelId: ref.slice(slash + 1) };
}

function toInfo(entry: ProviderEntry, model: ModelConfig): ModelInfo {
  return {
    id: `${entry.id}/${model.id}`,
    name: model.name ?? model.id,
    provider: entry.id,
    contextWindow: model.contextWindow ?? null,
    maxTokens: model.maxTokens ?? null,
    reasoning: model.reasoning ?? false,
    input: model.input ?? ['text'],
  };
}

function toSettings(entry: ProviderEntry): ConnectionSettings {
  const { id, name, baseUrl, apiKey, headers } = entry;
  return { id, name, baseUrl, headers, ...(apiKey === undefined ? {} : { apiKey }) };
}

function modelNotFound(ref: string, reason: string): GatewayError {
  return new GatewayError('MODEL_NOT_FOUND', {
    message: `the model '${ref}' cannot be used: ${reason}`,
    details: { model: ref },
    hint: 'GET /api/models lists the models that can be used; models.json adds more.',
  });
}

/** The vendor's code is loaded by the first call, not by finding the model. */
function lateProvider(entry: ProviderEntry, ai: () => AiModule): Provider {
  let vendor: Provider | undefined;
  return {
    id: entry.id,
    name: entry.name,
    async *stream(request, signal): AsyncGenerator<ProviderEvent> {
      try {
        vendor ??= ai().createOpenAiCompatible(toSettings(entry));
      } catch (error) {
        const detail = `the part of the gateway that speaks to providers does not load: ${error instanceof Error ? error.message : String(error)}`;
        yield { type: 'failed', failure: { kind: 'unconfigured', status: null, detail, retryAfterMs: null } };
        return;
      }
      yield* vendor.stream(request, signal);
    },
  };
}

export class ProviderRegistry {
  readonly #options: RegistryOptions;
  readonly #entries: readonly ProviderEntry[];
  readonly #providers = new Map<string, Provider>();
  readonly #listings = new Map<string, { askedAtMs: number; ids: Promise<readonly string[]> }>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#entries = readProviders(options.document, options.lookup);
  }

  /** Every provider, those that cannot be used as well. */
  get entries(): readonly ProviderEntry[] {
    return this.#entries;
  }

  /** Whether any model but the built-in one can be called. */
  get hasProvider(): boolean {
    return this.#entries.some((entry) => entry.problem === undefined);
  }

  /** @throws MODEL_NOT_FOUND for a provider that is not set up, or a model that it is known not to have */
  resolve(ref: string): ResolvedModel {
    const { builtIn } = this.#options;
    if (ref === builtIn.model.id) return this.#resolved(ref, { provider: builtIn.provider, info: builtIn.model });
    const { providerId, modelId } = splitRef(ref);
    const entry = this.#entries.find(({ id }) => id === providerId);
    if (entry === undefined || modelId === '') throw modelNotFound(ref, `there is no provider '${providerId}'`);
    if (entry.problem !== undefined) throw modelNotFound(ref, entry.problem);
    const model = entry.models.find(({ id }) => id === modelId);
    // A list in models.json is complete; vendors add models faster than releases can name them.
    if (model === undefined && entry.source === 'models.json' && entry.models.length > 0) {
      throw modelNotFound(ref, `'${entry.id}' has ${entry.models.map(({ id }) => id).join(', ')}`);
    }
    return this.#resolved(ref, { provider: this.#provider(entry), info: toInfo(entry, model ?? { id: modelId }), entry });
  }

  /** What to use when nobody chose: the first usable provider's first model, or the built-in one. */
  async defaultRef(): Promise<string> {
    for (const entry of this.#entries) {
      if (entry.problem !== undefined) continue;
      const modelId = entry.models[0]?.id ?? (await this.#list(entry))[0] ?? entry.fallbackModelId;
      if (modelId !== undefined) return `${entry.id}/${modelId}`;
    }
    return this.#options.builtIn.model.id;
  }

  /** Every model that can be used; servers without a list here are asked for theirs. */
  async models(): Promise<ModelInfo[]> {
    const usable = this.#entries.filter((entry) => entry.problem === undefined);
    const lists = await Promise.all(
      usable.map(async (entry) => {
        const models = entry.models.length > 0 ? entry.models : (await this.#list(entry)).map((id) => ({ id }));
        return models.map((model) => toInfo(entry, model));
      }),
    );
    return [...lists.flat(), this.#options.builtIn.model];
  }

  #resolved(ref: string, found: { provider: Provider; info: ModelInfo; entry?: ProviderEntry }): ResolvedModel {
    const { provider, info, entry } = found;
    const { modelId } = splitRef(ref);
    return {
      ref,
      modelId,
      provider,
      contextWindow: info.contextWindow,
      maxTokens: info.maxTokens,
      failing: { providerName: provider.name, baseUrl: entry?.baseUrl ?? '', modelId, source: entry?.source ?? '' },
    };
  }

  #provider(entry: ProviderEntry): Provider {
    const known = this.#providers.get(entry.id);
    if (known !== undefined) return known;
    const provider = lateProvider(entry, () => this.#options.ai());
    this.#providers.set(entry.id, provider);
    return provider;
  }

  /** A server that does not answer has no models for the while, so that it delays only one caller. */
  async #list(entry: ProviderEntry): Promise<readonly string[]> {
    const nowMs = this.#options.clock.now();
    const known = this.#listings.get(entry.id);
    if (known !== undefined && nowMs - known.askedAtMs < LISTING_TTL_MS) return known.ids;
    const ids = this.#options.listModels(toSettings(entry)).catch(() => []);
    this.#listings.set(entry.id, { askedAtMs: nowMs, ids });
    return ids;
  }
}
