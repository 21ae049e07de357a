/** Providers, models, who uses which, and the two files that say so. */
import type { z } from 'zod';
import type { configResponse } from '../../../../shared/api/gateway/config.js';
import type { modelsResponse, providersResponse, providerTestRequest, providerTestResponse } from '../../../../shared/api/models.js';
import type { usageResponse } from '../../../../shared/api/gateway/usage.js';
import { editJsonc, parseJsonc } from '../../../../shared/config/jsonc.js';
import { valueAt } from '../../../../shared/config/key-path.js';
import { apiPath, call, type Call, request } from '../../api/client.js';

export type Provider = z.output<ReturnType<typeof providersResponse>>['providers'][number];
export type Model = z.output<ReturnType<typeof modelsResponse>>['models'][number];
export type ProviderTest = z.output<ReturnType<typeof providerTestRequest>>;
export type TestReport = z.output<ReturnType<typeof providerTestResponse>>;
export type ApiKind = NonNullable<ProviderTest['api']>;
export type Usage = z.output<ReturnType<typeof usageResponse>>;

export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Its own models in order; undefined: those of everybody. */
  readonly order: readonly string[] | undefined;
}

/** As it stands in `models.json`. */
type ModelEntry = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Setup {
  readonly providers: readonly Provider[];
  readonly models: readonly Model[];
  /** `provider/model`: the default, then its fallbacks. None: the first that can be used. */
  readonly order: readonly string[];
  readonly agents: readonly Agent[];
  /** Provider → its models as written. */
  readonly entries: Readonly<Record<string, readonly ModelEntry[]>>;
}

type Choice = string | { readonly primary?: string; readonly fallbacks?: readonly string[] } | undefined;

function orderOf(choice: Choice): readonly string[] | undefined {
  if (choice === undefined) return undefined;
  if (typeof choice === 'string') return [choice];
  return [...(choice.primary === undefined ? [] : [choice.primary]), ...(choice.fallbacks ?? [])];
}

interface Effective {
  readonly agents?: {
    readonly defaults?: { readonly model?: Choice };
    readonly list?: readonly { readonly id: string; readonly name?: string; readonly enabled?: boolean; readonly model?: Choice }[];
  };
}

interface ModelsFile {
  readonly providers?: Readonly<Record<string, { readonly models?: readonly ModelEntry[] }>>;
}

export async function readSetup(signal: AbortSignal): Promise<Setup> {
  const [config, providers, models, file] = await Promise.all([
    call<z.output<ReturnType<typeof configResponse>>>('GET', '/api/config', { signal }),
    call<z.output<ReturnType<typeof providersResponse>>>('GET', '/api/providers', { signal }),
    call<z.output<ReturnType<typeof modelsResponse>>>('GET', '/api/models', { signal }),
    call<ModelsFile>('GET', '/api/models-json', { signal }),
  ]);
  const { agents } = config.effective as Effective;
  return {
    providers: providers.providers,
    models: models.models,
    order: orderOf(agents?.defaults?.model) ?? [],
    agents: (agents?.list ?? []).map(({ id, name, enabled, model }) => ({
      id,
      name: name ?? id,
      enabled: enabled !== false,
      order: orderOf(model),
    })),
    entries: Object.fromEntries(Object.entries(file.providers ?? {}).map(([id, entry]) => [id, entry.models ?? []])),
  };
}

export function testProvider(body: ProviderTest): Promise<TestReport> {
  return call('POST', '/api/providers/test', { body });
}

const QUESTION = 'Reply with the single word OK.';

/** Asks a model one short question, which costs a few tokens. @returns how long the answer took. @throws ApiError */
export async function askModel(model: string): Promise<number> {
  const startedAt = performance.now();
  await call('POST', '/v1/chat/completions', { body: { model, messages: [{ role: 'user', content: QUESTION }] } });
  return Math.round(performance.now() - startedAt);
}

/** One model alone is written as such. */
function choiceOf(order: readonly string[]): string | { primary: string; fallbacks: readonly string[] } | null {
  const [primary, ...fallbacks] = order;
  if (primary === undefined) return null;
  return fallbacks.length === 0 ? primary : { primary, fallbacks };
}

/** Without any the first usable one is taken. */
export async function saveOrder(order: readonly string[]): Promise<void> {
  await call('PATCH', '/api/config', { body: { agents: { defaults: { model: choiceOf(order) } } } });
}

/** Changes the one value in the file's text: as a list in a patch, the agents would lose the comments between them. */
export async function saveAgentModel(agent: Agent, all: readonly Agent[], model: string | undefined): Promise<void> {
  const { text, revision } = await call<{ text: string; revision: string }>('GET', '/api/config/text');
  const list = valueAt(parseJsonc(text).value, ['agents', 'list']) as readonly { id?: string }[] | undefined;
  const index = list?.findIndex(({ id }) => id === agent.id) ?? -1;
  const whole = all.map(({ id, name }) => ({ id, name, ...(id === agent.id && model !== undefined ? { model } : {}) }));
  const edit = index < 0 ? { path: ['agents', 'list'], value: whole } : { path: ['agents', 'list', index, 'model'], value: model };
  const body = { text: editJsonc(text, [edit]) };
  const { written, problems } = await call<{ written: boolean; problems: { message: string }[] }>('POST', '/api/config/text', {
    body,
    headers: { 'If-Match': `"${revision}"` },
  });
  if (!written) throw new Error(problems[0]?.message ?? '');
}

export interface ProviderFields {
  readonly id: string;
  readonly baseUrl: string;
  readonly api: ApiKind;
  /** Empty keeps the stored one. */
  readonly apiKey: string;
  /** Names, one a line; none: those that it lists itself. */
  readonly models: string;
}

/** @param known  its models as written: what they say of themselves stays */
export function saveCall({ id, baseUrl, api, apiKey, models }: ProviderFields, known: readonly ModelEntry[] = []): Call {
  const names = models.split('\n').map((line) => line.trim());
  const entries = names.filter(Boolean).map((name) => known.find((entry) => entry.id === name) ?? { id: name });
  const list = entries.length > 0 || known.length > 0 ? { models: entries } : {};
  const fields = { baseUrl, api, ...(apiKey === '' ? {} : { apiKey }), ...list };
  return { method: 'PATCH', path: '/api/models-json', body: { providers: { [id]: fields } } };
}

export async function saveProvider(fields: ProviderFields, known?: readonly ModelEntry[]): Promise<void> {
  const { method, path, body } = saveCall(fields, known);
  await call(method, path, { body });
}

/** @returns what brings it back, with its key, as long as nothing else has changed the file */
export async function removeProvider(id: string): Promise<() => Promise<void>> {
  const response = await request({ method: 'PATCH', path: '/api/models-json', body: { providers: { [id]: null } } });
  const headers = { 'If-Match': response.headers.get('ETag') ?? '' };
  return async () => {
    await call('POST', '/api/models-json/undo', { headers });
  };
}

export function readUsage(days: number, signal: AbortSignal): Promise<Usage> {
  const query = { days, utcOffsetMinutes: -new Date().getTimezoneOffset() };
  return call('GET', apiPath('/api/usage', {}, query), { signal });
}

/** A name for a provider, from its address: `http://10.0.0.5:8000/v1` → `10.0.0.5`, `https://api.groq.com/…` → `groq`. */
export function suggestId(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) return '';
  const { hostname } = new URL(baseUrl);
  if (hostname === 'localhost' || /^[\d.:[\]]+$/.test(hostname))
    return hostname === '127.0.0.1' || hostname === 'localhost' ? 'local' : hostname;
  const labels = hostname.split('.').filter((label) => !['www', 'api'].includes(label));
  return (labels.length > 1 ? labels.at(-2) : labels[0])?.toLowerCase().replace(/[^a-z0-9._-]/g, '') ?? '';
}
