/** Model servers as they run on people's machines: only what finding them takes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Documents = Readonly<Record<string, unknown>>;

/** https://docs.ollama.com/api/tags */
export const ollama: Documents = {
  '/api/tags': {
    models: [
      {
        name: 'nomic-embed-text:latest',
        model: 'nomic-embed-text:latest',
        size: 274_302_450,
        details: { format: 'gguf', family: 'nomic-bert', parameter_size: '137M' },
      },
      { name: 'qwen3:8b', model: 'qwen3:8b', size: 5_225_388_164, details: { format: 'gguf', family: 'qwen3', parameter_size: '8.2B' } },
      { name: 'not a name', model: 'not a name', size: 1, details: { family: 'x' } },
    ],
  },
  '/v1/models': { object: 'list', data: [{ id: 'qwen3:8b', object: 'model', owned_by: 'library' }] },
};

/** https://lmstudio.ai/docs/developer/rest/endpoints */
export const lmStudio: Documents = {
  '/api/v0/models': {
    object: 'list',
    data: [
      { id: 'text-embedding-nomic', object: 'model', type: 'embeddings', state: 'not-loaded', max_context_length: 2_048 },
      { id: 'qwen2-vl-7b', object: 'model', type: 'vlm', state: 'not-loaded', max_context_length: 32_768 },
      { id: 'granite-3', object: 'model', type: 'llm', state: 'loaded', max_context_length: 131_072, loaded_context_length: 4_096 },
    ],
  },
};

/** https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md */
export const llamaCpp: Documents = {
  '/v1/models': {
    object: 'list',
    data: [{ id: '/models/gemma.gguf', object: 'model', owned_by: 'llamacpp', meta: { n_ctx_train: 131_072 } }],
  },
  '/props': { default_generation_settings: { n_ctx: 8_192 }, total_slots: 1, model_path: '/models/gemma.gguf' },
};

/** https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html */
export const vllm: Documents = {
  '/v1/models': { object: 'list', data: [{ id: 'Qwen/Qwen3-8B', object: 'model', owned_by: 'vllm', max_model_len: 40_960 }] },
};

/** Some other program on the same port. */
export const stranger: Documents = {
  '/v1/models': { object: 'list', data: [{ id: 'x', owned_by: 'me' }] },
  '/api/tags': ['tag'],
  '/api/v0/models': { data: [{ id: 'x' }] },
};

export interface LocalServerFake {
  readonly port: number;
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Answers with these documents; anything else is 404. Closed when the test ends. */
export async function serveDocuments(documents: Documents): Promise<LocalServerFake> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    response.writeHead(Object.hasOwn(documents, path) ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(documents[path] ?? { error: 'not found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, asked, close };
}
