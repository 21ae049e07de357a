/** Which providers there are, from `models.json` and the environment: the same shape for both. */
import type { ApiKind, ModelConfig, ModelsDocument, ProviderConfig } from '../../../shared/config/models-schema.js';
import { isHeaderValue, UNSENDABLE } from './header-value.js';
import { KNOWN_PROVIDERS, LOCAL_SERVERS, type KnownProvider, type LocalServer } from './known-providers.js';

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
  /** `models.json`, the variable that switches it on, or `discovery`. */
  readonly source: string;
  /** Why it cannot be used, and what to do; undefined when it can. */
  readonly problem: string | undefined;
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

interface FoundKey {
  readonly variable: string;
  readonly value: string;
}

function findKey(known: KnownProvider | undefined, lookup: VariableLookup): FoundKey | undefined {
  for (const variable of known?.keyVariables ?? []) {
    const value = lookup(variable);
    if (value !== undefined) return { variable, value };
  }
  return undefined;
}

const unset = ({ keyVariables }: KnownProvider): string => `the environment variable ${keyVariables.join(' or ')} is not set`;

/** @param values  by what a person knows them as */
function unsendable(values: Readonly<Record<string, string | undefined>>): string | undefined {
  const found = Object.entries(values).find(([, value]) => value !== undefined && !isHeaderValue(value));
  return found && `${found[0]} ${UNSENDABLE}`;
}

function problemOfDocument({ apiKey, headers = {} }: ProviderConfig, found: FoundKey | undefined): string | undefined {
  const named = Object.entries(headers).map(([name, value]) => [`its header ${name}`, value] as const);
  const key = { 'its apiKey': apiKey, ...(found && { [`the environment variable ${found.variable}`]: found.value }) };
  return unsendable({ ...key, ...Object.fromEntries(named) });
}

function fromDocument(id: string, config: ProviderConfig, lookup: VariableLookup): ProviderEntry {
  const known = KNOWN_PROVIDERS.find((provider) => provider.id === id);
  const isVendors = known !== undefined && originOf(config.baseUrl) === originOf(known.baseUrl);
  const found = config.apiKey === undefined ? findKey(known, lookup) : undefined;
  const apiKey = config.apiKey ?? found?.value;
  return {
    id,
    name: known?.name ?? LOCAL_SERVERS.find((server) => server.id === id)?.name ?? id,
    api: config.api,
    baseUrl: config.baseUrl,
    apiKey,
    headers: config.headers ?? {},
    models: config.models,
    fallbackModelId: undefined,
    source: 'models.json',
    problem: isVendors && apiKey === undefined ? `it has no apiKey, and ${unset(known)}` : problemOfDocument(config, found),
  };
}

function problemOfEnvironment(
  known: KnownProvider,
  found: { key: FoundKey | undefined; baseUrl: string | undefined; isOtherServer: boolean },
): string | undefined {
  if (found.baseUrl !== undefined && !/^https?:$/.test(URL.canParse(found.baseUrl) ? new URL(found.baseUrl).protocol : '')) {
    return `the environment variable ${known.baseUrlVariable} is '${found.baseUrl}', which is no http address`;
  }
  const { key } = found;
  if (key !== undefined) return unsendable({ [`the environment variable ${key.variable}`]: key.value });
  return found.isOtherServer ? undefined : unset(known);
}

/** A server of one's own has its own models and may want no key. */
function fromEnvironment(known: KnownProvider, lookup: VariableLookup): ProviderEntry {
  const key = findKey(known, lookup);
  const [firstVariable] = known.keyVariables;
  const baseUrl = known.baseUrlVariable === undefined ? undefined : lookup(known.baseUrlVariable);
  const isOtherServer = baseUrl !== undefined && originOf(baseUrl) !== originOf(known.baseUrl);
  return {
    id: known.id,
    name: known.name,
    api: known.api,
    baseUrl: baseUrl ?? known.baseUrl,
    apiKey: key?.value,
    headers: {},
    models: isOtherServer ? [] : known.models,
    fallbackModelId: known.models[0]?.id,
    source: key?.variable ?? (isOtherServer ? (known.baseUrlVariable ?? firstVariable) : firstVariable),
    problem: problemOfEnvironment(known, { key, baseUrl, isOtherServer }),
  };
}

/** Those of `models.json` first, in its order; then the known ones, unless it says `replace`. */
export function readProviders(document: ModelsDocument, lookup: VariableLookup): ProviderEntry[] {
  const configured = Object.entries(document.providers).map(([id, config]) => fromDocument(id, config, lookup));
  if (document.mode === 'replace') return configured;
  const others = KNOWN_PROVIDERS.filter((known) => !Object.hasOwn(document.providers, known.id));
  return [...configured, ...others.map((known) => fromEnvironment(known, lookup))];
}

/** The model servers of this machine, unless `models.json` describes or leaves them out. @param found  what a server said that it has */
export function localProviders(
  document: ModelsDocument,
  found: (id: LocalServer['id']) => readonly ModelConfig[] | undefined,
): ProviderEntry[] {
  if (document.mode === 'replace') return [];
  return LOCAL_SERVERS.filter(({ id }) => !Object.hasOwn(document.providers, id)).map(({ id, name, port }) => {
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    const models = found(id);
    return {
      id,
      name,
      api: 'openai-completions',
      baseUrl,
      apiKey: undefined,
      headers: {},
      models: models ?? [],
      fallbackModelId: undefined,
      source: 'discovery',
      problem: models === undefined ? `no ${name} answers at ${baseUrl}` : undefined,
    };
  });
}
