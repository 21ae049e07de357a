/** Which providers there are, from `models.json` and the environment: the same shape for both. */
import type { ApiKind, ModelConfig, ModelsDocument, ProviderConfig } from '../../../shared/config/models-schema.js';
import { KNOWN_PROVIDERS, type KnownProvider } from './known-providers.js';

/** Looks up an environment variable; an empty one counts as unset. */
export type VariableLookup = (name: string) => string | undefined;

export interface ProviderEntry {
  readonly id: string;
  readonly name: string;
  readonly api: ApiKind;
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: whatever the server says that it has. */
  readonly models: readonly ModelConfig[];
  /** What to call when nobody chose a model and the server does not say what it has. */
  readonly fallbackModelId: string | undefined;
  /** `models.json`, or the variable that switches it on. */
  readonly source: string;
  /** Why it cannot be used, and what to do; undefined when it can. */
  readonly problem: string | undefined;
}

/** What this build speaks. */
const SUPPORTED: ReadonlySet<ApiKind> = new Set<ApiKind>(['openai-completions']);

function problemOf(config: ProviderConfig, known: KnownProvider | undefined, apiKey: string | undefined): string | undefined {
  if (!SUPPORTED.has(config.api)) {
    return `the API '${config.api}' is not supported by this version; most vendors and local servers also offer 'openai-completions'`;
  }
  const needsKey = known !== undefined && originOf(config.baseUrl) === originOf(known.baseUrl);
  return needsKey && apiKey === undefined ? `it has no apiKey, and the environment variable ${known.keyVariable} is not set` : undefined;
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

function fromDocument(id: string, config: ProviderConfig, lookup: VariableLookup): ProviderEntry {
  const known = KNOWN_PROVIDERS.find((provider) => provider.id === id);
  const apiKey = config.apiKey ?? (known === undefined ? undefined : lookup(known.keyVariable));
  return {
    id,
    name: known?.name ?? id,
    api: config.api,
    baseUrl: config.baseUrl,
    apiKey,
    headers: config.headers ?? {},
    models: config.models,
    fallbackModelId: undefined,
    source: 'models.json',
    problem: problemOf(config, known, apiKey),
  };
}

function problemOfEnvironment(
  known: KnownProvider,
  found: { apiKey: string | undefined; baseUrl: string | undefined; isOtherServer: boolean },
): string | undefined {
  if (found.baseUrl !== undefined && !/^https?:$/.test(URL.canParse(found.baseUrl) ? new URL(found.baseUrl).protocol : '')) {
    return `the environment variable ${known.baseUrlVariable} is '${found.baseUrl}', which is no http address`;
  }
  return found.apiKey !== undefined || found.isOtherServer ? undefined : `the environment variable ${known.keyVariable} is not set`;
}

/** A server of one's own has its own models and may want no key. */
function fromEnvironment(known: KnownProvider, lookup: VariableLookup): ProviderEntry {
  const apiKey = lookup(known.keyVariable);
  const baseUrl = lookup(known.baseUrlVariable);
  const isOtherServer = baseUrl !== undefined && originOf(baseUrl) !== originOf(known.baseUrl);
  return {
    id: known.id,
    name: known.name,
    api: known.api,
    baseUrl: baseUrl ?? known.baseUrl,
    apiKey,
    headers: {},
    models: isOtherServer ? [] : known.models,
    fallbackModelId: known.models[0]?.id,
    source: apiKey === undefined && isOtherServer ? known.baseUrlVariable : known.keyVariable,
    problem: problemOfEnvironment(known, { apiKey, baseUrl, isOtherServer }),
  };
}

/** Those of `models.json` first, in its order; then the known ones, unless it says `replace`. */
export function readProviders(document: ModelsDocument, lookup: VariableLookup): ProviderEntry[] {
  const configured = Object.entries(document.providers).map(([id, config]) => fromDocument(id, config, lookup));
  if (document.mode === 'replace') return configured;
  const others = KNOWN_PROVIDERS.filter((known) => !Object.hasOwn(document.providers, known.id));
  return [...configured, ...others.map((known) => fromEnvironment(known, lookup))];
}
