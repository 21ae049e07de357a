import { expect, test } from 'vitest';
import { costOf, pricesOf } from '../../../../daemon/worker/providers/token-cost.js';
import { modelsSchema } from '../../../../shared/config/models-schema.js';

/** Of one model, as it stands in `models.json`. */
function pricesIn(cost?: object) {
  const document = modelsSchema.parse({ providers: { up: { baseUrl: 'http://127.0.0.1/v1', models: [{ id: 'one', cost }] } } });
  const [model] = document.providers['up']?.models ?? [];
  return model === undefined ? null : pricesOf(model);
}

const CACHED = { inputTokens: 100_000, outputTokens: 0, cacheReadTokens: 99_000, cacheWriteTokens: 500 };

test.each([
  ['no price of the cache: it is input like any other', { input: 3, output: 15 }, 0.3],
  ['a price for reading from it', { input: 3, output: 15, cacheRead: 0.3 }, (1_000 * 3 + 99_000 * 0.3) / 1e6],
  ['both prices', { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }, (500 * 3 + 99_000 * 0.3 + 500 * 3.75) / 1e6],
  ['a cache that costs nothing', { input: 3, output: 15, cacheRead: 0, cacheWrite: 0 }, (500 * 3) / 1e6],
])('%s', (_name, cost, costUsd) => {
  expect(costOf(CACHED, pricesIn(cost))).toBeCloseTo(costUsd, 9);
});

test('without prices, or without a count, the cost is unknown', () => {
  expect(costOf(CACHED, pricesIn())).toBeNull();
  expect(costOf({ inputTokens: null, outputTokens: 1 }, pricesIn({ input: 3 }))).toBeNull();
});
