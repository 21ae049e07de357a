import { expect, test } from 'vitest';
import { resolveFor } from '../../../../../daemon/worker/turns/model/model-choice.js';
import type { ProviderRegistry, ResolvedModel } from '../../../../../daemon/worker/providers/registry.js';
import { configSchema } from '../../../../../shared/config/schema.js';

const registryWith = (silenceTimeoutMs: number | undefined): ProviderRegistry =>
  ({ resolve: () => ({ ref: 'a/b', silenceTimeoutMs }) as ResolvedModel }) as unknown as ProviderRegistry;

test.each([
  { what: 'ten minutes', bears: 600_000 },
  { what: 'the defaults', defaults: 3_000, bears: 3_000 },
  { what: 'the provider before the defaults', defaults: 3_000, provider: 2_000, bears: 2_000 },
  { what: 'the agent before both', defaults: 3_000, provider: 2_000, agent: 1_000, bears: 1_000 },
])('a model may be silent as long as says: $what', ({ defaults, provider, agent: own, bears }) => {
  const given = (silenceTimeoutMs: number | undefined) => (silenceTimeoutMs === undefined ? {} : { silenceTimeoutMs });
  const config = configSchema.parse({ agents: { list: [{ id: 'main', ...given(own) }], defaults: given(defaults) } });
  const agent = config.agents.list[0];
  const model = resolveFor({ config, ...(agent === undefined ? {} : { agent }) }, 'a/b', registryWith(provider));
  expect(model.silenceTimeoutMs).toBe(bears);
});
