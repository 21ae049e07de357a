import { expect, test } from 'vitest';
import type { ToolResult } from '../../../../../daemon/worker/providers/provider.js';
import type { StepMessage } from '../../../../../daemon/worker/turns/model/context.js';
import {
  answerLimit,
  contextBudget,
  estimateTokens,
  fitSteps,
  gatherContext,
  TOKENS_PER_IMAGE,
  tokensOf,
} from '../../../../../daemon/worker/turns/model/context.js';
import { TurnQueue } from '../../../../../daemon/worker/turns/turn-queue.js';

/** A history of so many messages of 40 characters (16 tokens each), in pages of ten. */
function historyOf(count: number) {
  const all = Array.from({ length: count }, (_, index) => ({
    role: index % 2 === 0 ? ('user' as const) : ('assistant' as const),
    content: `${index}`.padEnd(40, '.'),
  }));
  let pages = 0;
  return {
    all,
    pages: () => pages,
    readBefore: async (seq = count) => {
      pages += 1;
      const from = Math.max(0, seq - 10);
      return { messages: all.slice(from, seq).toReversed(), nextSeq: from === 0 ? undefined : from };
    },
  };
}

test('a conversation that fits is given whole, oldest first, with the question last', async () => {
  const { all, readBefore } = historyOf(25);
  const messages = await gatherContext({ budgetTokens: 10_000, system: undefined, text: 'now', readBefore });
  expect(messages).toEqual([...all, { role: 'user', content: 'now' }]);
});

test('one that does not fit loses its oldest part, and no more is read than needed', async () => {
  const { all, pages, readBefore } = historyOf(1_000);
  const messages = await gatherContext({
    budgetTokens: 16 * 5 + estimateTokens('now') + estimateTokens(''),
    system: undefined,
    text: 'now',
    readBefore,
  });
  expect(messages).toEqual([...all.slice(-5), { role: 'user', content: 'now' }]);
  expect(pages()).toBe(1);
});

test('a question is given whole even when it alone is too long, and a system prompt counts', async () => {
  const { readBefore } = historyOf(10);
  const text = 'x'.repeat(100_000);
  expect(await gatherContext({ budgetTokens: 100, system: undefined, text, readBefore })).toEqual([{ role: 'user', content: text }]);
  expect(await gatherContext({ budgetTokens: 100, system: 'y'.repeat(400), text: 'now', readBefore })).toHaveLength(1);
});

test('a tool’s call and its result are given together or not at all, and never first', async () => {
  const use = [
    { role: 'toolCalls' as const, content: '', calls: [{ id: 'a', name: 'time', input: {} }], ref: '' },
    { role: 'toolResults' as const, results: [{ callId: 'a', name: 'time', output: 'noon '.repeat(20), isError: false }] },
  ];
  const question = { role: 'user' as const, content: 'what time is it?' };
  const gather = (budgetTokens: number) =>
    gatherContext({
      budgetTokens,
      system: undefined,
      text: 'now',
      readBefore: async () => ({ messages: [use, question], nextSeq: undefined }),
    });
  expect(await gather(1_000)).toEqual([question, ...use, { role: 'user', content: 'now' }]);
  expect(await gather(95)).toEqual([{ role: 'user', content: 'now' }]);
  expect(await gather(30)).toEqual([{ role: 'user', content: 'now' }]);
});

test.each([
  { name: 'English', text: 'The quick brown fox jumps over the lazy dog. '.repeat(100), atLeast: 1_000 },
  { name: 'Chinese', text: '今天天气很好我们去公园散步'.repeat(100), atLeast: 900 },
  { name: 'nothing', text: '', atLeast: 1 },
])('$name is not counted too low', ({ text, atLeast }) => {
  expect(estimateTokens(text)).toBeGreaterThanOrEqual(atLeast);
});

test('the budget leaves room for the answer, also in a small window', () => {
  expect(contextBudget({ contextWindow: 4_096, maxTokens: null })).toBeLessThan(4_096 * 0.75);
  expect(contextBudget({ contextWindow: 4_096, maxTokens: null })).toBeGreaterThan(2_000);
  expect(contextBudget({ contextWindow: null, maxTokens: null })).toBeGreaterThan(10_000);
});

const never = new AbortController().signal;

test('a queue runs one turn at a time, in order', async () => {
  const queue = new TurnQueue();
  const order: number[] = [];
  const leave = await queue.enter('s', never);
  const waiting = [1, 2, 3].map(async (number) => {
    const done = await queue.enter('s', never);
    order.push(number);
    done();
  });
  expect(order).toEqual([]);
  leave();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
  // It is free again.
  await queue.enter('s', never);
});

test('an aborted turn leaves the queue, and a full queue accepts no more', async () => {
  const queue = new TurnQueue();
  const leave = await queue.enter('s', never);
  const abort = new AbortController();
  const gone = queue.enter('s', abort.signal);
  const waiting = Array.from({ length: 49 }, () => queue.enter('s', new AbortController().signal));
  await expect(queue.enter('s', never)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    message: "50 turns are already waiting in session 's'",
  });
  abort.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  await expect(queue.enter('s', AbortSignal.abort(new Error('at once')))).rejects.toThrow('at once');
  leave();
  for (const turn of waiting) (await turn)();
  // It is free again.
  await queue.enter('s', never);
});

const step = (id: string, output: string, more: Partial<ToolResult> = {}): [StepMessage, StepMessage] => [
  { role: 'toolCalls', content: '', calls: [{ id, name: 'fetch', input: {} }], ref: 'f/m' },
  { role: 'toolResults', results: [{ callId: id, name: 'fetch', output, isError: false, ...more }] },
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
  expect(outputs(fitted.steps)).toEqual(['(omitted: the context is full)', 'y'.repeat(4_000), 'z'.repeat(2_000)]);
  expect(fitted.tokens).toBeLessThanOrEqual(1_700);
  expect(fitted.steps.map(({ role }) => role)).toEqual(steps.map(({ role }) => role));
});

test('when nothing fits, every result is replaced by a note', () => {
  expect(outputs(fitSteps(step('a', 'x'.repeat(4_000)), 1).steps)).toEqual(['(omitted: the context is full)']);
});

const REST = '\n(the rest is omitted: the context is full)';

test.each([
  { name: 'Russian', output: 'я'.repeat(20_000) },
  { name: 'English, then Japanese', output: 'page '.repeat(4_000) + '日本語'.repeat(6_000) },
  { name: 'with a picture', output: 'page '.repeat(20_000), images: [{ mediaType: 'image/png', bytes: Buffer.alloc(9) }] },
])('a new result that is too long by itself keeps its beginning ($name)', ({ output, ...more }) => {
  const [call, result] = step('a', output, more);
  const { steps, tokens } = fitSteps([call, result], 12_533);
  const [kept = ''] = outputs(steps);
  expect(kept.endsWith(REST)).toBe(true);
  expect(output.startsWith(kept.slice(0, -REST.length))).toBe(true);
  expect(steps[1]).toMatchObject({ results: [more] });
  // Nothing is wasted.
  expect(12_533 - tokens).toBeGreaterThanOrEqual(0);
  expect(12_533 - tokens).toBeLessThan(20);
});

test('older results are shortened before newer ones, and results of one step share the room', () => {
  const long = 'x'.repeat(60_000);
  const two = outputs(fitSteps([...step('a', long), ...step('b', long)], 12_533).steps);
  expect(two).toEqual(['(omitted: the context is full)', expect.stringMatching(/^x{40000,}\n/)]);
  const [older, newer] = outputs(fitSteps([...step('a', long), ...step('b', 'noon')], 12_533).steps);
  expect([older?.length, newer]).toEqual([expect.closeTo(50_000, -3), 'noon']);
  const results = ['short', long, long].map((output, index) => ({ callId: `${index}`, name: 'fetch', output, isError: false }));
  const { steps, tokens } = fitSteps([{ role: 'toolResults', results }], 12_533);
  expect(tokens).toBeLessThanOrEqual(12_533);
  const [short, one, other] = outputs(steps);
  expect([short, one?.length]).toEqual(['short', expect.closeTo(25_000, -3)]);
  expect(other).toBe(one);
});

test('pictures of tools count as those of people do, not by their bytes, and go with the output that is left out', () => {
  const images = [{ mediaType: 'image/png', bytes: Buffer.alloc(100_000) }];
  const shown = step('a', '(an image)', { images });
  expect(tokensOf(shown) - tokensOf(step('a', '(an image)'))).toBe(TOKENS_PER_IMAGE);
  expect(fitSteps([...shown, ...shown], 3_300).steps).toEqual([...shown, ...shown]);
  const { steps, tokens } = fitSteps([...shown, ...shown], 2_000);
  expect(tokens).toBeLessThanOrEqual(2_000);
  expect(steps).toEqual([...step('a', '(omitted: the context is full)'), ...shown]);
});

const GLM = { api: 'anthropic-messages', modelId: 'glm-5', maxTokens: null, contextWindow: 200_000 } as const;

test.each([
  [GLM, 32_000],
  [{ ...GLM, contextWindow: 100_000 }, 25_000],
  [{ ...GLM, contextWindow: 32_768 }, 8_192],
  [{ ...GLM, contextWindow: null }, 8_192],
  [{ ...GLM, maxTokens: 100 }, 100],
  [{ ...GLM, modelId: 'vendor/claude-opus-5' }, null],
  [{ ...GLM, api: 'openai-completions' }, null],
  [{ ...GLM, api: null }, null],
] as const)('to %j, the limit %s is sent', (model, limit) => {
  expect(answerLimit(model, () => 10)).toBe(limit);
});

test.each([16_384, 65_536, 102_400, 131_072, 200_000])('the longest conversation and the limit fit into %s tokens', (contextWindow) => {
  const model = { ...GLM, contextWindow };
  const budget = contextBudget(model);
  // The estimate may be too low.
  expect(budget / 0.85 + (answerLimit(model, () => budget) ?? 0)).toBeLessThanOrEqual(contextWindow);
});

test.each([
  [10_000, 32_000],
  [96_000, 18_130],
  [130_000, 4_096],
])('next to a request of %s tokens, the limit in a window of 131072 is %s', (requestTokens, limit) => {
  expect(answerLimit({ ...GLM, contextWindow: 131_072 }, () => requestTokens)).toBe(limit);
});
