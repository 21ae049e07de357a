/** The service of models in memory. */
import type { ModelService } from '../../daemon/worker/models/models.js';

const calls = {
  health: { state: 'ok', reason: null },
  lastHour: { calls: 2, failures: 0, lastSuccessAt: '2026-01-01T00:00:00.000Z', lastFailure: null, firstTokenMs: 300 },
} as const;

const provider = {
  ...calls,
  id: 'fake',
  name: 'Fake',
  api: 'openai-completions',
  baseUrl: 'http://127.0.0.1',
  configured: true,
  source: 'models.json',
};
const model = {
  ...calls,
  id: 'fake/echo',
  name: 'Echo',
  provider: 'fake',
  contextWindow: 1_000,
  maxTokens: null,
  reasoning: false,
  input: ['text'],
  cost: null,
};

export function fakeModelService(written: { name: string; input: unknown }[]): ModelService {
  const note = <Result>(name: string, input: unknown, result: Result): Promise<Result> => {
    written.push({ name, input });
    return Promise.resolve(result);
  };
  return {
    providers: () => note('models.providers', undefined, [provider]),
    models: () =>
      note('models.models', undefined, { models: [model], defaults: [{ agentId: 'main', model: model.id }], transcription: null }),
    test: (input) =>
      note('models.test', input, {
        ok: true,
        cause: null,
        message: 'It answered with 1 models.',
        latencyMs: 3,
        httpStatus: 200,
        models: ['echo'],
        suggestedBaseUrl: null,
      }),
  };
}
