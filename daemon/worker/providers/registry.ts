/** Resolves `provider/model`, and lists providers and models. Replaced when `models.json` changes. */
import type { ModelInfo } from '../../../shared/api/models.js';
import type { Clock } from '../../../shared/clock.js';
import type { ApiKind, ModelConfig, ModelsDocument } from '../../../shared/config/models-schema.js';
import { GatewayError } from '../../../shared/errors.js';
import type { ModelCall } from '../../../shared/turn-usage.js';
import { listNames } from '../../../shared/text/list-names.js';
import { isEmbedding } from './discovery/probe.js';
import type { FailingModel } from './failure.js';
import type { AiModule, ConnectionSettings, Provider, ProviderEvent } from './provider.js';
import { type LocalServer, splitRef } from '../../../shared/config/known-providers.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import { localProviders, readProviders, type ProviderEntry, type VariableLookup } from './provider-entry.js';
import { pricesOf, type TokenPrices } from './token-cost.js';

/** A model that can be called. */
export interface ResolvedModel {
  /** `provider/model`. */
  readonly ref: string;
  readonly modelId: string;
  readonly provider: Provider;
  /** Tokens; null when unknown. */
  readonly contextWindow: number | null;
  readonly maxTokens: number | null;
  readonly takesImages: boolean;
  /** Null: unknown. */
  readonly reasons: boolean | null;
  /** Address of the provider. Null: it is part of the gateway. */
  readonly api: ApiKind | null;
  /** Null: unknown. */
  readonly prices: TokenPrices | null;
  /** How long it may send nothing; undefined: {@link SILENCE_TIMEOUT_MS}. */
  readonly silenceTimeoutMs?: number | undefined;
  /** For error messages. */
  readonly failing: FailingModel;
  /** Called with the outcome of each call. Missing for the built-in model, which calls no provider. */
  readonly noteCall?: ((call: ModelCall) => void) | undefined;
}

/** The models of discovered servers on this machine. */
export interface LocalModels {
  /** Undefined if the server does not answer. */
  found(id: LocalServer['id']): readonly ModelConfig[] | undefined;
  /** Resolves after the first discovery, or after a short time limit. */
  ready(): Promise<void>;
}

/** A provider that is part of the gateway. */
export interface BuiltInProvider {
  readonly provider: Provider;
  readonly model: ModelInfo;
}

export interface RegistryOptions {
  readonly document: ModelsDocument;
  readonly lookup: VariableLookup;
  /** The vendor bundle; loaded by the first call. */
  ai(): AiModule;
  /** Asks a server for its models. A rejection counts as an empty list. */
  listModels(settings: ConnectionSettings): Promise<string[]>;
  readonly builtIn: BuiltInProvider;
  readonly clock: Clock;
  readonly local: LocalModels;
  /** Called with the outcome of each model call. */
  readonly noteCall?: ((call: ModelCall) => void) | undefined;
}

/** How long a server's list of models is cached. */
const LISTING_TTL_MS = 30_000;

type LoadFailure = Extract<ProviderEvent, { type: 'failed' }>;

function toInfo(entry: ProviderEntry, model: ModelConfig): ModelInfo {
  return {
    id: `${entry.id}/${model.id}`,
    name: model.name ?? model.id,
    provider: entry.id,
    contextWindow: model.contextWindow ?? null,
    maxTokens: model.maxTokens ?? null,
    reasoning: model.reasoning ?? false,
    input: model.input ?? ['text'],
    cost: pricesOf(model),
  };
}

function modelNotFound(ref: string, reason: string): GatewayError {
  return new GatewayError('MODEL_NOT_FOUND', {
    message: sayOfAnswer('model-unusable', { model: ref, cause: reason }),
    details: { model: ref },
    hint: 'Use a model from the list of models, or add this one to models.json.',
  });
}

/** The vendor's code is loaded by the first call, not by finding the model. */
function lateProvider(entry: ProviderEntry, ai: () => AiModule): Provider {
  let vendor: Provider | undefined;
  async function* calling<Event>(call: (loaded: Provider) => AsyncIterable<Event> | undefined): AsyncGenerator<Event | LoadFailure> {
    try {
      vendor ??= ai().createProvider(entry);
    } catch (error) {
      const detail = `failed to load the bundle that speaks to providers: ${error instanceof Error ? error.message : String(error)}`;
      return yield { type: 'failed', failure: { kind: 'unconfigured', status: null, detail, retryAfterMs: null } };
    }
    yield* call(vendor) ?? [];
  }
  return {
    id: entry.id,
    name: entry.name,
    stream: (request, signal) => calling((loaded) => loaded.stream(request, signal)),
    complete: (request, signal) => calling((loaded) => loaded.complete(request, signal)),
    count: (request, signal) => calling((loaded) => loaded.count?.(request, signal)),
    forward: (request, signal) => calling((loaded) => loaded.forward?.(request, signal)),
    transcribe: (request, signal) => calling((loaded) => loaded.transcribe?.(request, signal)),
  };
}

export class ProviderRegistry {
  readonly #options: RegistryOptions;
  /** The providers of the document and the environment, which do not change. */
  readonly #lasting: readonly ProviderEntry[];
  readonly #lastingById: ReadonlyMap<string, ProviderEntry>;
  readonly #models = new WeakMap<ProviderEntry, ReadonlyMap<string, ModelConfig>>();
  readonly #providers = new Map<string, Provider>();
  readonly #listings = new Map<string, { askedAtMs: number; ids: Promise<readonly string[]> }>();

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#lasting = readProviders(options.document, options.lookup);
    this.#lastingById = new Map(this.#lasting.map((entry) => [entry.id, entry]));
  }

  /** Every provider, including those that cannot be used. */
  get entries(): readonly ProviderEntry[] {
    return [...this.#lasting, ...this.#local()];
  }

  /** How to reach a provider; undefined if there is none with that id. */
  settingsOf(id: string): ConnectionSettings | undefined {
    return this.entries.find((known) => known.id === id);
  }

  /** Whether any model but the built-in one can be called. */
  get hasProvider(): boolean {
    return this.entries.some((entry) => entry.problem === undefined);
  }

  /** @throws MODEL_NOT_FOUND for a provider that is not configured, or a model that it is known not to have */
  resolve(ref: string): ResolvedModel {
    const { builtIn } = this.#options;
    if (ref === builtIn.model.id) return this.#resolved(ref, { provider: builtIn.provider, info: builtIn.model });
    const { providerId, modelId } = splitRef(ref);
    const lasting = this.#lastingById.get(providerId);
    // A server on this machine may have started since the last discovery; otherwise the call fails.
    const entry = lasting ?? this.#local().find(({ id }) => id === providerId);
    if (!ref.includes('/') || modelId === '') throw modelNotFound(ref, sayOfAnswer('model-form'));
    if (providerId === builtIn.provider.id && entry === undefined) {
      const models = splitRef(builtIn.model.id).modelId;
      throw modelNotFound(ref, sayOfAnswer('provider-has-models', { provider: providerId, models }));
    }
    if (entry === undefined) throw modelNotFound(ref, sayOfAnswer('no-provider', { provider: providerId }));
    if (lasting?.problem !== undefined) throw modelNotFound(ref, lasting.problem);
    // A list in models.json is complete; vendors add models faster than releases can name them.
    const isComplete = entry.source === 'models.json' && entry.models.length > 0;
    const model = this.#modelsById(entry).get(modelId) ?? (isComplete ? undefined : entry.known.find(({ id }) => id === modelId));
    if (model === undefined && isComplete) {
      const models = listNames(entry.models.map(({ id }) => id));
      throw modelNotFound(ref, sayOfAnswer('provider-has-models', { provider: entry.id, models }));
    }
    const used = model ?? { id: modelId };
    return this.#resolved(ref, { provider: this.#provider(entry), info: toInfo(entry, used), entry, model: used });
  }

  /** The model used if none was chosen: the first usable provider's first model that is not for embeddings, or the built-in one. */
  async defaultRef(): Promise<string> {
    const lasting = await this.#firstModel(this.#lasting);
    if (lasting !== undefined) return lasting;
    await this.#options.local.ready();
    return (await this.#firstModel(this.#local())) ?? this.#options.builtIn.model.id;
  }

  /** Every model that can be used; servers without a list here are asked for theirs. */
  async models(): Promise<ModelInfo[]> {
    await this.#options.local.ready();
    const usable = this.entries.filter((entry) => entry.problem === undefined);
    const lists = await Promise.all(
      usable.map(async (entry) => {
        const models = await this.#modelsOf(entry);
        return models.map((model) => toInfo(entry, model));
      }),
    );
    return [...lists.flat(), this.#options.builtIn.model];
  }

  #local(): ProviderEntry[] {
    return localProviders(this.#options.document, (id) => this.#options.local.found(id));
  }

  /** A status resolves every agent, so none may search a long list. */
  #modelsById(entry: ProviderEntry): ReadonlyMap<string, ModelConfig> {
    const known = this.#models.get(entry) ?? new Map(entry.models.toReversed().map((model) => [model.id, model]));
    this.#models.set(entry, known);
    return known;
  }

  /** A server without a list here is asked for its models; known ones come first, those for embeddings last. A discovered one may have none. */
  async #modelsOf(entry: ProviderEntry): Promise<readonly ModelConfig[]> {
    if (entry.models.length > 0 || entry.source === 'discovery') return entry.models;
    const ids = await this.#list(entry);
    const listed = new Set(ids);
    const found = entry.known.filter(({ id }) => listed.has(id));
    const others = ids.filter((id) => !found.some((model) => model.id === id)).map((id) => ({ id }));
    return [...found, ...others.toSorted((a, b) => Number(isEmbedding(a.id)) - Number(isEmbedding(b.id)))];
  }

  async #firstModel(entries: readonly ProviderEntry[]): Promise<string | undefined> {
    for (const entry of entries) {
      if (entry.problem !== undefined) continue;
      const models = await this.#modelsOf(entry);
      const first = models.length === 0 ? entry.known[0] : models.find(({ id }) => !isEmbedding(id));
      if (first !== undefined) return `${entry.id}/${first.id}`;
    }
    return undefined;
  }

  #resolved(ref: string, found: { provider: Provider; info: ModelInfo; entry?: ProviderEntry; model?: ModelConfig }): ResolvedModel {
    const { provider, info, entry, model } = found;
    const { modelId } = splitRef(ref);
    return {
      ref,
      modelId,
      provider,
      contextWindow: info.contextWindow,
      maxTokens: info.maxTokens,
      takesImages: info.input.includes('image'),
      reasons: model?.reasoning ?? null,
      api: entry?.api ?? null,
      prices: info.cost,
      silenceTimeoutMs: entry?.silenceTimeoutMs,
      failing: {
        providerName: provider.name,
        baseUrl: entry?.baseUrl ?? '',
        modelId,
        source: entry?.source ?? '',
        addressVariable: entry?.addressVariable,
      },
      noteCall: entry && this.#options.noteCall,
    };
  }

  #provider(entry: ProviderEntry): Provider {
    const known = this.#providers.get(entry.id);
    if (known !== undefined) return known;
    const provider = lateProvider(entry, () => this.#options.ai());
    this.#providers.set(entry.id, provider);
    return provider;
  }

  /** A server that does not answer is cached as empty, so that it delays only one caller. */
  async #list(entry: ProviderEntry): Promise<readonly string[]> {
    const nowMs = this.#options.clock.now();
    const known = this.#listings.get(entry.id);
    if (known !== undefined && nowMs - known.askedAtMs < LISTING_TTL_MS) return known.ids;
    const ids = this.#options.listModels(entry).catch(() => []);
    this.#listings.set(entry.id, { askedAtMs: nowMs, ids });
    return ids;
  }
}

/** Returns the registry of the `models.json` in force. @param models  the document in force; a new object after each change */
export function currentRegistry(models: () => ModelsDocument, options: Omit<RegistryOptions, 'document'>): () => ProviderRegistry {
  let current: { document: ModelsDocument; registry: ProviderRegistry } | undefined;
  return () => {
    const document = models();
    if (current?.document !== document) current = { document, registry: new ProviderRegistry({ ...options, document }) };
    return current.registry;
  };
}
