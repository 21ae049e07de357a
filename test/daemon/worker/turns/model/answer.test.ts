import { expect, test } from 'vitest';
import { answer } from '../../../../../daemon/worker/turns/model/answer.js';
import { LearnedWindows } from '../../../../../daemon/worker/turns/model/learned-windows.js';
import type { Provider, ProviderEvent } from '../../../../../daemon/worker/providers/provider.js';
import type { ResolvedModel } from '../../../../../daemon/worker/providers/registry.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { unasked } from '../../../../helpers/turns-fixture.js';

function model(ref: string, stream: Provider['stream']): { ref: string; model: ResolvedModel } {
  const [id = '', modelId = ''] = ref.split('/');
  const failing = { providerName: id, baseUrl: '', modelId, source: '' };
  const limits = { contextWindow: null, maxTokens: null, takesImages: false, reasons: null, api: null, prices: null };
  return { ref, model: { ref, modelId, provider: { id, name: id, stream, complete: unasked }, ...limits, failing } };
}

test('a silent model times out once, then the fallback answers', async () => {
  const clock = new FakeClock();
  let asked = 0;
  const silent = model('a/silent', async function* (_request, signal): AsyncGenerator<ProviderEvent> {
    asked += 1;
    const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    clock.advance(600_000);
    await gone;
    yield { type: 'aborted' };
  });
  const speaking = model('b/speaking', async function* (): AsyncGenerator<ProviderEvent> {
    yield { type: 'delta', text: 'hi' };
    yield { type: 'finish', usage: { inputTokens: null, outputTokens: null } };
  });
  const answered = answer({
    candidates: [silent, speaking],
    buildRequest: async () => ({ modelId: 'x', messages: [{ role: 'user', content: 'hello' }] }),
    tools: { definitions: [], maxIterations: 1, run: () => Promise.reject(new Error('no tools')) as never },
    windows: new LearnedWindows(clock),
    agentId: 'main',
    asker: 'chat',
    purse: { reserve: async () => undefined },
    signal: new AbortController().signal,
    clock,
    random: () => 0,
    logger: logMemory(),
  });
  expect(await answered.next()).toEqual({ done: false, value: { type: 'delta', text: 'hi' } });
  expect(await answered.next()).toMatchObject({ done: true, value: { state: 'done', model: 'b/speaking' } });
  expect(asked).toBe(1);
});

test('a turn that had nothing to report when its worker ended asks no model to go on', async () => {
  const clock = new FakeClock();
  const unasked = model('a/unasked', () => Promise.reject(new Error('asked')) as never);
  const call = { id: 'call_1', name: 'nothing_to_report', input: { reason: 'calm' }, key: 'k', messageId: 'msg_1' };
  const result = { output: 'ok', isError: false };
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null };
  const ended = answer({
    candidates: [unasked],
    steps: [{ ref: 'a/unasked', text: '', calls: [call], usage, begun: new Map([[0, result]]) }],
    buildRequest: async () => ({ modelId: 'x', messages: [] }),
    tools: {
      definitions: [],
      maxIterations: 1,
      async *run() {
        yield { type: 'tool', name: 'nothing_to_report', state: 'result', detail: '' };
        return [{ callId: 'call_1', name: 'nothing_to_report', ...result }];
      },
    },
    windows: new LearnedWindows(clock),
    agentId: 'main',
    asker: 'job',
    purse: { reserve: async () => undefined },
    signal: new AbortController().signal,
    clock,
    random: () => 0,
    logger: logMemory(),
  });
  expect(await ended.next()).toMatchObject({ done: false });
  expect(await ended.next()).toMatchObject({ done: true, value: { state: 'done', nothingToReport: 'calm', usage } });
});

const tooLong = (limitTokens: number | null, usedTokens: number | null) =>
  ({ kind: 'tooLong', status: 413, detail: 'too large', retryAfterMs: null, context: { limitTokens, usedTokens } }) as const;

test.each([
  { said: 'nothing but that', failures: [tooLong(null, null)], shown: [true, false], window: null },
  {
    said: 'the size of the payload',
    failures: [{ kind: 'rejected', status: 400, detail: 'Request payload size exceeds the limit: 20971520 bytes.', retryAfterMs: null }],
    shown: [true, false],
    window: null,
  },
  { said: 'how many tokens', failures: [tooLong(8_000, 9_000)], shown: [true, true], window: expect.any(Number) as number },
  {
    said: 'how many tokens, also of a shorter one',
    failures: [tooLong(8_000, 9_000), tooLong(8_000, 9_000)],
    shown: [true, true, false],
    window: expect.any(Number) as number,
  },
] as const)('a request with pictures that is too large, of which the vendor says $said, is answered', async (refused) => {
  const clock = new FakeClock();
  const windows = new LearnedWindows(clock);
  const failures: ProviderEvent[] = refused.failures.map((failure) => ({ type: 'failed', failure }));
  const shown: boolean[] = [];
  const seeing = model('a/seeing', async function* (): AsyncGenerator<ProviderEvent> {
    yield failures.shift() ?? { type: 'delta', text: 'hi' };
    if (shown.length === refused.shown.length) yield { type: 'finish', usage: { inputTokens: null, outputTokens: null } };
  });
  const candidate = { ...seeing, model: { ...seeing.model, takesImages: true } };
  const images = [{ mediaType: 'image/png', bytes: Buffer.alloc(8) }];
  const answered = answer({
    candidates: [candidate],
    async buildRequest({ model: { takesImages } }) {
      shown.push(takesImages);
      return { modelId: 'x', messages: [{ role: 'user', content: 'hello', ...(takesImages && { images }) }] };
    },
    tools: { definitions: [], maxIterations: 1, run: () => Promise.reject(new Error('no tools')) as never },
    windows,
    agentId: 'main',
    asker: 'chat',
    purse: { reserve: async () => undefined },
    signal: new AbortController().signal,
    clock,
    random: () => 0,
    logger: logMemory(),
  });
  expect(await answered.next()).toEqual({ done: false, value: { type: 'delta', text: 'hi' } });
  expect(await answered.next()).toMatchObject({ done: true, value: { state: 'done' } });
  expect(shown).toEqual(refused.shown);
  expect(windows.applyTo(candidate.model).contextWindow).toEqual(refused.window);
});
