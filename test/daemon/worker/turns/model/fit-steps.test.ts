import { expect, test } from 'vitest';
import { fitSteps } from '../../../../../daemon/worker/turns/model/fit-steps.js';
import type { StepMessage } from '../../../../../daemon/worker/turns/model/turn.js';

const step = (id: string, output: string): StepMessage[] => [
  { role: 'toolCalls', content: '', calls: [{ id, name: 'fetch', input: {} }], ref: 'f/m' },
  { role: 'toolResults', results: [{ callId: id, name: 'fetch', output, isError: false }] },
];
const outputs = (steps: readonly StepMessage[]): string[] =>
  steps.flatMap((message) => (message.role === 'toolResults' ? message.results.map(({ output }) => output) : []));

test('results that fit stay as they are', () => {
  const steps = [...step('a', 'short'), ...step('b', 'short too')];
  expect(fitSteps(steps, 1_000).steps).toEqual(steps);
});

test('the oldest results are left out until the rest fits, and no call loses its result', () => {
  const steps = [...step('a', 'x'.repeat(4_000)), ...step('b', 'y'.repeat(4_000)), ...step('c', 'z'.repeat(2_000))];
  const fitted = fitSteps(steps, 1_700);
  expect(outputs(fitted.steps)).toEqual(['(left out: the context is full)', 'y'.repeat(4_000), 'z'.repeat(2_000)]);
  expect(fitted.tokens).toBeLessThanOrEqual(1_700);
  expect(fitted.steps.map(({ role }) => role)).toEqual(steps.map(({ role }) => role));
});

test('where nothing helps, everything is left out, and said so', () => {
  expect(outputs(fitSteps(step('a', 'x'.repeat(4_000)), 1).steps)).toEqual(['(left out: the context is full)']);
});
