/** Providers, models and agents, read from and written to the two configuration files. */
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import type {
  ModelAnswered,
  ModelDocument as Model,
  ProviderDocument as Provider,
  ProviderTest,
  ProviderTestResult,
} from '../../../../shared/api/models.js';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { Config, WrittenConfig } from '../../../../shared/config/schema.js';
import { call, type Call, request } from '../../api/client.js';
import { changedFields } from '../../components/form/changed-fields.js';

export type { Model, Provider };

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Its own models in order; undefined: the shared default. */
  readonly order: readonly string[] | undefined;
}

/** As written in `models.json`. */
type ModelEntry = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Setup {
  readonly providers: readonly Provider[];
  readonly models: readonly Model[];
  /** `provider/model`: the default, then its fallbacks. Empty: the first usable model. */
  readonly order: readonly string[];
  readonly agents: readonly Agent[];
  /** Provider → its models as written in the file. */
  readonly entries: Readonly<Record<string, readonly ModelEntry[]>>;
}

type Agents = NonNullable<WrittenConfig['agents']>;

function orderOf(choice: NonNullable<Agents['defaults']>['model']): readonly string[] | undefined {
  if (choice === undefined) return undefined;
  return typeof choice === 'string' ? [choice] : [choice.primary, ...(choice.fallbacks ?? [])];
}

interface ModelsFile {
  readonly providers?: Readonly<Record<string, { readonly models?: readonly ModelEntry[] }>>;
}

/** The revision of `config.json` that this page wrote last: it is shown as written until it is in force, a moment later. */
const written = { revision: '' };

export async function readSetup(signal: AbortSignal): Promise<Setup> {
  const [config, providers, models, file] = await Promise.all([
    call<ConfigView>('GET', '/api/config', { signal }),
    call<{ providers: Provider[] }>('GET', '/api/providers', { signal }),
    call<{ models: Model[] }>('GET', '/api/models', { signal }),
    call<ModelsFile>('GET', '/api/models-json', { signal }),
  ]);
  const { agents: inForce } = config.effective as Config;
  const isOwn = !config.inForce && config.revision === written.revision;
  const agents: Agents = isOwn ? { list: inForce.list, ...(config.config as WrittenConfig).agents } : inForce;
  return {
    providers: providers.providers,
    models: models.models,
    order: orderOf(agents.defaults?.model) ?? [],
    agents: (agents.list ?? []).map(({ id, name, enabled, model }) => ({
      id,
      name: name ?? id,
      enabled: enabled !== false,
      order: orderOf(model),
    })),
    entries: Object.fromEntries(Object.entries(file.providers ?? {}).map(([id, entry]) => [id, entry.models ?? []])),
  };
}

/** Returns the names of the providers in `models.json`. A new provider of the same name would change that one. */
export async function readProviderIds(signal?: AbortSignal): Promise<readonly string[]> {
  const { providers = {} } = await call<ModelsFile>('GET', '/api/models-json', { signal });
  return Object.keys(providers);
}

export const testProvider = (body: ProviderTest, signal?: AbortSignal): Promise<ProviderTestResult> =>
  call('POST', '/api/providers/test', { body, ...(signal === undefined ? {} : { signal }) });

/** Asks a model one short question, which costs a few tokens. @returns how long the answer took, in milliseconds. @throws ApiError */
export async function askModel(model: string): Promise<number> {
  return (await call<ModelAnswered>('POST', '/api/models/ask', { body: { model } })).latencyMs;
}

/** Returns the value for the file; a single model is written as a string. */
function choiceOf(order: readonly string[]): string | { primary: string; fallbacks: readonly string[] } | null {
  const [primary, ...fallbacks] = order;
  if (primary === undefined) return null;
  return fallbacks.length === 0 ? primary : { primary, fallbacks };
}

/** Saves the default model and its fallbacks. An empty order means the first usable model. */
export async function saveOrder(order: readonly string[]): Promise<void> {
  const body = { agents: { defaults: { model: choiceOf(order) } } };
  const { revision } = await call<Pick<ConfigView, 'revision'>>('PATCH', '/api/config', { body });
  written.revision = revision;
}

/** Saves the model of an agent; undefined: the shared default. Loads the code that edits the file's text. */
export async function saveAgentModel(agent: Agent, all: readonly Agent[], model: string | undefined): Promise<void> {
  const { writeAgentEntry } = await import('../config/agent-entry.js');
  written.revision = await writeAgentEntry({ agent, all }, { path: ['model'], value: model });
}

export interface ProviderFields {
  readonly id: string;
  readonly baseUrl: string;
  readonly api: ApiKind;
  /** Empty keeps the stored key. */
  readonly apiKey: string;
  /** Names, one per line; empty: the models that the provider lists. */
  readonly models: string;
}

const namesOf = (models: string): readonly string[] =>
  models
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** Returns the models to write: those in the form, with the ones that somebody else has added to the file or removed since it started. */
function listOf(models: string, start: string, known: readonly ModelEntry[]): readonly ModelEntry[] {
  const [names, before] = [namesOf(models), namesOf(start)];
  const entries = names.flatMap((id) => known.find((entry) => entry.id === id) ?? (before.includes(id) ? [] : { id }));
  return [...entries, ...known.filter(({ id }) => !names.includes(id) && !before.includes(id))];
}

/**
 * Returns the call that saves what the form changes of a provider.
 * @param start  what the form started with; undefined for a new provider
 * @param known  its models as written now; their own fields are kept
 */
export function saveCall({ id, ...fields }: ProviderFields, start?: ProviderFields, known: readonly ModelEntry[] = []): Call {
  const { models, ...changes } = changedFields(start ?? { apiKey: '', models: '' }, fields);
  const list = models === undefined ? {} : { models: listOf(models, start?.models ?? '', known) };
  return { method: 'PATCH', path: '/api/models-json', body: { providers: { [id]: { ...changes, ...list } } } };
}

/** What the form changes of a model; undefined removes the field from the file. */
export interface ModelFacts {
  readonly contextWindow?: number | undefined;
  /** US dollars per million tokens. */
  readonly cost?: Partial<NonNullable<Model['cost']>> | undefined;
}

/** Returns a model as `models.json` writes it. */
function entryOf({ id, name, provider, contextWindow, maxTokens, reasoning, input, cost }: Model): ModelEntry {
  const modelId = id.slice(provider.length + 1);
  const limits = { ...(contextWindow === null ? {} : { contextWindow }), ...(maxTokens === null ? {} : { maxTokens }) };
  const names = name === modelId ? {} : { name };
  return { id: modelId, ...names, ...(reasoning ? { reasoning } : {}), input, ...limits, ...(cost === null ? {} : { cost }) };
}

/** Returns a model's entry in `models.json`; undefined for one that is not written there. */
export function writtenEntry({ model, provider, setup }: { model: Model; provider: Provider; setup: Setup }): ModelEntry | undefined {
  return setup.entries[provider.id]?.find(({ id }) => `${provider.id}/${id}` === model.id);
}

/** Returns the call that writes what is known of a model. A list in the file is complete: the provider's other models are written, too. */
export function saveModelCall({ model, provider, setup }: { model: Model; provider: Provider; setup: Setup }, facts: ModelFacts): Call {
  const { models, entries } = setup;
  const own = entries[provider.id] ?? [];
  const all = own.length > 0 ? own : models.filter((other) => other.provider === provider.id).map(entryOf);
  const list = all.map((entry) => (`${provider.id}/${entry.id}` === model.id ? { ...entry, ...facts } : entry));
  // The address in the file may contain a password that is not shown here.
  const server = provider.source === 'models.json' ? {} : { baseUrl: provider.baseUrl, api: provider.api };
  return { method: 'PATCH', path: '/api/models-json', body: { providers: { [provider.id]: { ...server, models: list } } } };
}

/** Removes a provider. @returns a function that restores it with its key, unless the file has changed since */
export async function removeProvider(id: string): Promise<() => Promise<void>> {
  const response = await request({ method: 'PATCH', path: '/api/models-json', body: { providers: { [id]: null } } });
  const headers = { 'If-Match': response.headers.get('ETag') ?? '' };
  return async () => {
    await call('POST', '/api/models-json/undo', { headers });
  };
}

/** Labels below which names are registered: `example.co.uk`, `example.com.cn`. */
const REGISTRY_LABELS = ['ac', 'co', 'com', 'edu', 'gov', 'net', 'org'];

function nameOfHost(hostname: string): string {
  if (['localhost', '127.0.0.1', '[::1]'].includes(hostname)) return 'local';
  if (/^[\d.]+$/.test(hostname)) return hostname;
  const labels = hostname.split('.').filter((label) => !['www', 'api'].includes(label));
  const isRegistry = labels.length > 2 && REGISTRY_LABELS.includes(labels.at(-2) ?? '');
  return labels.at(isRegistry ? -3 : -2) ?? labels[0] ?? '';
}

/**
 * Suggests a name for a provider from its address: `http://10.0.0.5:8000/v1` → `10.0.0.5`, `https://api.groq.com/…` → `groq`.
 * @param known  the name of a known provider, used instead
 * @param taken  names that get a number: `local-2`
 */
export function suggestId(baseUrl: string, taken: readonly string[], known = ''): string {
  if (known === '' && !URL.canParse(baseUrl)) return '';
  const name = known === '' ? nameOfHost(new URL(baseUrl).hostname).replace(/[^a-z0-9._-]/g, '') : known;
  let free = name;
  for (let number = 2; taken.includes(free); number += 1) free = `${name}-${number}`;
  return free;
}
