/** Providers, models, and the two files that say which are used. */
import type { z } from 'zod';
import type { configResponse } from '../../../../shared/api/config.js';
import type { modelsResponse, providersResponse, providerTestRequest, providerTestResponse } from '../../../../shared/api/models.js';
import { call, type Call } from '../../api/client.js';

export type Provider = z.output<ReturnType<typeof providersResponse>>['providers'][number];
export type Model = z.output<ReturnType<typeof modelsResponse>>['models'][number];
export type ProviderTest = z.output<ReturnType<typeof providerTestRequest>>;
export type TestReport = z.output<ReturnType<typeof providerTestResponse>>;
export type ApiKind = NonNullable<ProviderTest['api']>;

export interface Setup {
  readonly providers: readonly Provider[];
  readonly models: readonly Model[];
  /** `provider/model`, when one is chosen. */
  readonly defaultModel: string | undefined;
}

function primaryOf(config: z.output<ReturnType<typeof configResponse>>): string | undefined {
  const { agents } = config.effective as { agents?: { defaults?: { model?: string | { primary?: string } } } };
  const model = agents?.defaults?.model;
  return typeof model === 'string' ? model : model?.primary;
}

export async function readSetup(signal: AbortSignal): Promise<Setup> {
  const [config, providers, models] = await Promise.all([
    call<z.output<ReturnType<typeof configResponse>>>('GET', '/api/config', { signal }),
    call<z.output<ReturnType<typeof providersResponse>>>('GET', '/api/providers', { signal }),
    call<z.output<ReturnType<typeof modelsResponse>>>('GET', '/api/models', { signal }),
  ]);
  return { providers: providers.providers, models: models.models, defaultModel: primaryOf(config) };
}

export function testProvider(body: ProviderTest): Promise<TestReport> {
  return call('POST', '/api/providers/test', { body });
}

/** Without a model the first usable one is taken. */
export async function chooseDefault(model: string | null): Promise<void> {
  await call('PATCH', '/api/config', { body: { agents: { defaults: { model } } } });
}

export interface ProviderFields {
  readonly id: string;
  readonly baseUrl: string;
  readonly api: ApiKind;
  /** Empty keeps the stored one. */
  readonly apiKey: string;
}

export function saveCall({ id, baseUrl, api, apiKey }: ProviderFields): Call {
  const fields = { baseUrl, api, ...(apiKey === '' ? {} : { apiKey }) };
  return { method: 'PATCH', path: '/api/models-json', body: { providers: { [id]: fields } } };
}

export async function saveProvider(fields: ProviderFields): Promise<void> {
  const { method, path, body } = saveCall(fields);
  await call(method, path, { body });
}

export async function removeProvider(id: string): Promise<void> {
  await call('PATCH', '/api/models-json', { body: { providers: { [id]: null } } });
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
