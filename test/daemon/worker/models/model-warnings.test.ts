import { expect, test } from 'vitest';
import { modelWarnings } from '../../../../daemon/worker/models/model-warnings.js';
import { ProviderRegistry } from '../../../../daemon/worker/providers/registry.js';
import { createGuide } from '../../../../daemon/worker/turns/model/guide.js';
import { modelsSchema } from '../../../../shared/config/models-schema.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { cpuMs } from '../../../helpers/cpu-time.js';

function make({ agents, models, ref }: { agents: number; models: number; ref: (index: number) => string }) {
  const list = Array.from({ length: agents }, (_agent, index) => ({ id: `a${index}`, model: ref(index) }));
  const provider = { baseUrl: 'http://127.0.0.1:9/v1', models: Array.from({ length: models }, (_model, index) => ({ id: `m${index}` })) };
  const registry = new ProviderRegistry({
    document: modelsSchema.parse({ providers: { p: provider } }),
    lookup: () => undefined,
    ai: () => {
      throw new Error('not called here');
    },
    listModels: async () => [],
    builtIn: createGuide({ modelsPath: '', configPath: '' }),
    clock: new FakeClock(),
    local: { found: () => undefined, ready: async () => undefined },
  });
  return { config: configSchema.parse({ agents: { list } }), registry };
}

test('a model that its provider does not have is named with the agent, and some models that it has', () => {
  const { config, registry } = make({ agents: 2, models: 30, ref: (index) => `p/m${index * 50}` });
  expect(modelWarnings(config, registry)).toEqual([
    expect.objectContaining({
      code: 'MODEL_UNUSABLE',
      message: expect.stringMatching(/agent 'a1'.*'p' has only m0, m1, .* m19 and 10 more$/),
    }),
  ]);
});

test('of many warnings the first ones are returned', () => {
  const { config, registry } = make({ agents: 100, models: 1, ref: () => 'p/none' });
  const warnings = modelWarnings(config, registry);
  expect(warnings).toHaveLength(21);
  expect(warnings.at(-1)?.message).toBe('more models or providers cannot be used');
});

test('time grows with agents and models, not with their product', () => {
  const { config, registry } = make({ agents: 20_000, models: 20_000, ref: (index) => `p/m${index}` });
  expect(cpuMs(() => modelWarnings(config, registry))).toBeLessThan(2_000);
});
