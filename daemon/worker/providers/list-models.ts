/** Asks a server for its models. */
import { fieldsOf, listOf } from '../../../shared/fields.js';
import { mergeHeaders } from '../../../shared/node/merge-headers.js';
import type { ConnectionSettings } from './provider.js';
import { readStart } from './read-start.js';
import { withVersion } from './versioned-url.js';

const TIMEOUT_MS = 2_000;
const MAX_BODY_BYTES = 4_194_304;
const MAX_MODELS = 1_000;

async function readWhole(response: Response, signal: AbortSignal): Promise<string> {
  const { text, isWhole } = await readStart(response, MAX_BODY_BYTES, signal);
  if (!isWhole) throw new Error(`the list of models is longer than ${MAX_BODY_BYTES} bytes`);
  return text;
}

/** Other texts could not be part of `provider/model`. */
const isModelId = (id: unknown): id is string => typeof id === 'string' && /^\S{1,200}$/.test(id);

function idsIn(document: unknown): unknown[] {
  return listOf(fieldsOf(document)['data']).map(({ id }) => id);
}

/** Google also lists models that do not generate text, and names each `models/NAME`. */
function googleIdsIn(document: unknown): unknown[] {
  return listOf(fieldsOf(document)['models'])
    .filter(({ supportedGenerationMethods: methods }) => !Array.isArray(methods) || methods.includes('generateContent'))
    .map(({ name }) => (typeof name === 'string' ? name.replace(/^models\//, '') : name));
}

interface ListRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  idsIn(document: unknown): unknown[];
}

function requestOf({ api, baseUrl, apiKey }: ConnectionSettings): ListRequest {
  const base = (version: string): string => withVersion(baseUrl, version).replace(/\/+$/, '');
  switch (api) {
    case 'anthropic-messages':
      return {
        url: `${base('v1')}/models?limit=1000`,
        headers: { 'anthropic-version': '2023-06-01', ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }) },
        idsIn,
      };
    case 'google-generative-ai':
      return {
        url: `${base('v1beta')}/models?pageSize=1000`,
        headers: apiKey === undefined ? {} : { 'x-goog-api-key': apiKey },
        idsIn: googleIdsIn,
      };
    case 'openai-completions':
    case 'openai-responses':
      return {
        url: `${baseUrl.replace(/\/+$/, '')}/models`,
        headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
        idsIn,
      };
  }
}

export interface ModelsAnswer {
  readonly url: string;
  readonly status: number;
  readonly body: string;
}

/** Sends `GET {baseUrl}/models` in the form of the API. @throws when there is no answer within `timeoutMs` */
export async function askForModels(settings: ConnectionSettings, timeoutMs: number): Promise<ModelsAnswer> {
  const { url, headers } = requestOf(settings);
  const signal = AbortSignal.timeout(timeoutMs);
  // A followed redirect would send the key to another server.
  const response = await fetch(url, { headers: mergeHeaders(headers, settings.headers), redirect: 'manual', signal });
  return { url, status: response.status, body: await readWhole(response, signal) };
}

/** Returns the models in an answer; undefined when it is not a list of models. */
export function readModelIds(settings: ConnectionSettings, body: string): string[] | undefined {
  try {
    const document: unknown = JSON.parse(body);
    if (!Array.isArray(fieldsOf(document)[settings.api === 'google-generative-ai' ? 'models' : 'data'])) return undefined;
    return requestOf(settings).idsIn(document).filter(isModelId).slice(0, MAX_MODELS);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @throws when the provider does not answer with a list within two seconds */
export async function listModels(settings: ConnectionSettings): Promise<string[]> {
  const { url, status, body } = await askForModels(settings, TIMEOUT_MS);
  if (status < 200 || status > 299) throw new Error(`${url} answered with HTTP ${status}`);
  const ids = readModelIds(settings, body);
  if (ids === undefined) throw new Error(`${url} did not answer with a list of models`);
  return ids;
}
