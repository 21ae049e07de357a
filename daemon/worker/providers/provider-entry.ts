/** Reads the providers of `models.json` and of the environment into one common form. */
import type { ModelConfig, ModelsDocument, ProviderConfig } from '../../../shared/config/models-schema.js';
import { headerProblem, headersProblem } from './header-value.js';
import type { ConnectionSettings } from './provider.js';
import { splitCredentials } from '../../../shared/node/split-credentials.js';
import { KNOWN_PROVIDERS, LOCAL_SERVERS, type KnownProvider, type LocalServer } from '../../../shared/config/known-providers.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';

/** Looks up an environment variable; an empty one counts as unset. */
export type VariableLookup = (name: string) => string | undefined;

export interface ProviderEntry extends ConnectionSettings {
  /** Empty: the list is requested from the server. */
  readonly models: readonly ModelConfig[];
  /** Known data about models that the server may have; the first is the default if the server does not list its models. */
  readonly known: readonly ModelConfig[];
  /** How long its models may send nothing; undefined: as configured. */
  readonly silenceTimeoutMs?: number | undefined;
  /** `models.json`, the variable that enables it, or `discovery`. */
  readonly source: string;
  /** The environment variable that contains the address, if one does. */
  readonly addressVariable?: string | undefined;
  /** Why the provider cannot be used, and what to do; undefined when it can. */
  readonly problem: string | undefined;
}

export function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}

/** Returns the address and headers to send: `fetch` accepts a user and password only in a header. A given `authorization` takes precedence. */
export function withoutCredentials(
  address: string,
  headers: Readonly<Record<string, string>> = {},
): Required<Pick<ConnectionSettings, 'baseUrl' | 'headers'>> {
  const { url, authorization } = URL.canParse(address) ? splitCredentials(address) : {};
  if (url === undefined || authorization === undefined) return { baseUrl: address, headers };
  const isGiven = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  return { baseUrl: url.href, headers: isGiven ? headers : { ...headers, authorization } };
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

const unset = ({ keyVariables }: KnownProvider): string => sayOfAnswer('provider-unset', { variable: keyVariables.join(' or ') });

/** Returns the problem of the first value that cannot be sent in a header. @param values  by display name */
function unsendable(values: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const [name, value] of Object.entries(values)) {
    const problem = value === undefined ? undefined : headerProblem(value);
    if (problem !== undefined) return `${name} ${problem}`;
  }
  return undefined;
}

function problemOfDocument({ apiKey, headers = {} }: ProviderConfig, found: FoundKey | undefined): string | undefined {
  const key = { 'its apiKey': apiKey, ...(found && { [`the environment variable ${found.variable}`]: found.value }) };
  const problem = headersProblem(headers);
  return unsendable(key) ?? (problem === undefined ? undefined : `its ${problem}`);
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
    ...withoutCredentials(config.baseUrl, config.headers),
    apiKey,
    models: config.models,
    known: isVendors ? known.models : [],
    silenceTimeoutMs: config.silenceTimeoutMs,
    source: 'models.json',
    problem: isVendors && apiKey === undefined ? sayOfAnswer('provider-no-key', { cause: unset(known) }) : problemOfDocument(config, found),
  };
}

function problemOfEnvironment(
  known: KnownProvider,
  found: { key: FoundKey | undefined; baseUrl: string | undefined; isOtherServer: boolean },
): string | undefined {
  if (found.baseUrl !== undefined && !/^https?:$/.test(URL.canParse(found.baseUrl) ? new URL(found.baseUrl).protocol : '')) {
    // A password may be anywhere in it.
    const shown = found.baseUrl.includes('@') ? 'has a value that' : `is '${found.baseUrl}', which`;
    return `the environment variable ${known.baseUrlVariable} ${shown} is not an http or https URL`;
  }
  const { key } = found;
  if (key !== undefined) return unsendable({ [`the environment variable ${key.variable}`]: key.value });
  return found.isOtherServer ? undefined : unset(known);
}

/** Another server behind the same API has its own models and may need no key. */
function fromEnvironment(known: KnownProvider, lookup: VariableLookup): ProviderEntry {
  const key = findKey(known, lookup);
  const [firstVariable] = known.keyVariables;
  const baseUrl = known.baseUrlVariable === undefined ? undefined : lookup(known.baseUrlVariable);
  const isOtherServer = baseUrl !== undefined && originOf(baseUrl) !== originOf(known.baseUrl);
  return {
    id: known.id,
    name: known.name,
    api: known.api,
    ...withoutCredentials(baseUrl ?? known.baseUrl),
    apiKey: key?.value,
    models: isOtherServer ? [] : known.models,
    known: known.models,
    source: key?.variable ?? (isOtherServer ? (known.baseUrlVariable ?? firstVariable) : firstVariable),
    addressVariable: baseUrl === undefined ? undefined : known.baseUrlVariable,
    problem: problemOfEnvironment(known, { key, baseUrl, isOtherServer }),
  };
}

/** Returns the providers of `models.json` in its order, then the known ones, unless its mode is `replace`. */
export function readProviders(document: ModelsDocument, lookup: VariableLookup): ProviderEntry[] {
  const configured = Object.entries(document.providers).map(([id, config]) => fromDocument(id, config, lookup));
  if (document.mode === 'replace') return configured;
  const others = KNOWN_PROVIDERS.filter((known) => !Object.hasOwn(document.providers, known.id));
  return [...configured, ...others.map((known) => fromEnvironment(known, lookup))];
}

/**
 * Returns the model servers of this machine, unless `models.json` describes or excludes them. @param found  returns the models of a
 * server that answers
 */
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
      models: models ?? [],
      known: [],
      source: 'discovery',
      problem: models === undefined ? sayOfAnswer('provider-silent', { provider: name, address: baseUrl }) : undefined,
    };
  });
}
