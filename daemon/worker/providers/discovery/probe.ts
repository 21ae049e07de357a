/**
 * Recognizes a model server by its own API and reads its models. Any program may listen on these ports, so
 * only an answer that is specific to the server counts.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { ModelConfig } from '../../../../shared/config/models-schema.js';
import type { LocalServer } from '../../../../shared/config/known-providers.js';
import { type Fields, fieldsOf, listOf } from '../../../../shared/fields.js';
import { collect } from '../../../../shared/node/collect.js';

export interface ProbeTarget {
  readonly port: number;
  readonly signal: AbortSignal;
}

const MAX_BODY_BYTES = 1_048_576;
const MAX_MODELS = 200;
/** Embedding models generate no text. */
const EMBEDDING = /embed|\bbert\b|bge-|minilm/i;

/** Whether a model's name is that of an embedding model. */
export const isEmbedding = (name: string): boolean => EMBEDDING.test(name);

/** Returns undefined for anything but a 200 with JSON, and when the signal aborts first. */
async function getJson({ port, signal }: ProbeTarget, path: string): Promise<unknown> {
  const request = get({ host: '127.0.0.1', port, path, signal, agent: false, headers: { accept: 'application/json' } });
  // Also emitted after the response has begun.
  request.on('error', () => undefined);
  try {
    const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
    const body = response.statusCode === 200 ? await collect(response, MAX_BODY_BYTES) : undefined;
    return body && JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  } finally {
    request.destroy();
  }
}

function listIn(document: unknown, key: string): Fields[] | undefined {
  const list = fieldsOf(document)[key];
  return Array.isArray(list) ? listOf(list).slice(0, MAX_MODELS) : undefined;
}

function toModel(id: unknown, contextWindow: unknown): ModelConfig[] {
  // Anything else could not be named as `provider/model`.
  if (typeof id !== 'string' || !/^\S{1,200}$/.test(id)) return [];
  const isCount = typeof contextWindow === 'number' && Number.isInteger(contextWindow) && contextWindow > 0;
  return [{ id, ...(isCount ? { contextWindow } : {}) }];
}

/** https://docs.ollama.com/api/tags */
async function probeOllama(target: ProbeTarget): Promise<ModelConfig[] | undefined> {
  const models = listIn(await getJson(target, '/api/tags'), 'models');
  return models
    ?.filter(({ name, details }) => !isEmbedding(`${String(name)} ${String(fieldsOf(details)['family'])}`))
    .flatMap(({ name }) => toModel(name, undefined));
}

/** https://lmstudio.ai/docs/developer/rest/endpoints; loaded models come first. */
async function probeLmStudio(target: ProbeTarget): Promise<ModelConfig[] | undefined> {
  const models = listIn(await getJson(target, '/api/v0/models'), 'data');
  if (models?.every(({ type }) => typeof type === 'string') !== true) return undefined;
  const usable = models.filter(({ type }) => type === 'llm' || type === 'vlm');
  const loadedFirst = usable.toSorted((a, b) => Number(b['state'] === 'loaded') - Number(a['state'] === 'loaded'));
  return loadedFirst.flatMap((model) => toModel(model['id'], model['loaded_context_length'] ?? model['max_context_length']));
}

/** https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md */
async function probeLlamaCpp(target: ProbeTarget): Promise<ModelConfig[] | undefined> {
  const models = listIn(await getJson(target, '/v1/models'), 'data')?.filter(({ owned_by: owner }) => owner === 'llamacpp');
  if (models === undefined || models.length === 0) return undefined;
  const settings = fieldsOf(fieldsOf(await getJson(target, '/props'))['default_generation_settings']);
  return models.flatMap(({ id, meta }) => toModel(id, settings['n_ctx'] ?? fieldsOf(meta)['n_ctx_train']));
}

/** https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html */
async function probeVllm(target: ProbeTarget): Promise<ModelConfig[] | undefined> {
  const models = listIn(await getJson(target, '/v1/models'), 'data')?.filter(({ owned_by: owner }) => owner === 'vllm');
  if (models === undefined || models.length === 0) return undefined;
  return models.flatMap(({ id, max_model_len: contextWindow }) => toModel(id, contextWindow));
}

const PROBES: Readonly<Record<LocalServer['id'], (target: ProbeTarget) => Promise<ModelConfig[] | undefined>>> = {
  ollama: probeOllama,
  lmstudio: probeLmStudio,
  llamacpp: probeLlamaCpp,
  vllm: probeVllm,
};

/** @returns its models; undefined when no such server answers there */
export function probeLocalServer(id: LocalServer['id'], target: ProbeTarget): Promise<ModelConfig[] | undefined> {
  return PROBES[id](target);
}
