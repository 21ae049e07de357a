import { expect, onTestFinished, test } from 'vitest';
import { callFacts } from '../../../../daemon/worker/models/call-facts.js';
import { ModelCalls } from '../../../../daemon/worker/models/model-calls.js';
import type { ModelCall } from '../../../../shared/turn-usage.js';
import { modelsResponse, providersResponse } from '../../../../shared/api/models.js';
import { rateLimited, says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { ask, fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';

test('calls of turns and of programs are counted for their model and their provider, fallbacks apart', async () => {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  const config = { agents: { defaults: { model: { primary: 'fake/one', fallbacks: ['fake/two'] } } } };
  const noted: ModelCall[] = [];
  const noteCall = (one: ModelCall) => void noted.push(one);
  const conversation = await makeConversation({ config, models: fakeModels(fake.baseUrl), noteCall });
  fake.reply(rateLimited('3600'), says('hello'), says('again'));
  expect((await ask(conversation, 'Hi')).last).toMatchObject({ type: 'done' });
  const call = { model: 'fake/two', messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] } as const;
  for await (const _event of conversation.completions.run(call, new AbortController().signal));
  expect(noted.map(({ ref, agentId, error }) => [ref, agentId, error === null])).toEqual([
    ['fake/one', 'main', false],
    ['fake/two', 'main', true],
    ['fake/two', '', true],
  ]);
  expect(noted.every(({ durationMs, firstTokenMs }) => durationMs >= (firstTokenMs ?? 0))).toBe(true);
  const { models } = modelsResponse().parse({ status: 'ok', ...(await conversation.models.models()) });
  const { providers } = providersResponse().parse({ status: 'ok', providers: await conversation.models.providers() });
  expect(models.slice(0, 2)).toMatchObject([
    { id: 'fake/one', health: { state: 'degraded' }, lastHour: { calls: 1, failures: 1, lastSuccessAt: null, firstTokenMs: null } },
    {
      id: 'fake/two',
      health: { state: 'ok', reason: null },
      lastHour: { calls: 2, failures: 0, firstTokenMs: expect.any(Number) as number },
    },
  ]);
  expect(providers.filter(({ configured }) => configured)).toMatchObject([
    { id: 'fake', health: { state: 'ok' }, lastHour: { calls: 3, failures: 1 } },
    { id: 'xopc', health: { state: 'ok' }, lastHour: { calls: 0, failures: 0, lastFailure: null } },
  ]);
  expect(models[0]?.lastHour.lastFailure).toMatchObject({
    message: expect.stringMatching(/HTTP 429/) as string,
    code: 'with-detail',
  });
});

const count = { ref: 'a/b', calls: 10, failures: 0, lastSuccessAtMs: 5_000, lastFailure: null, firstTokensMs: [] };

test('a provider is down when all calls fail, degraded when the last or many fail, and well again after that', () => {
  const lastFailure = { atMs: 4_000, message: 'The key is refused.' };
  const state = (change: object): string => callFacts([{ ...count, ...change }]).health.state;
  expect(callFacts([]).health).toEqual({ state: 'ok', reason: null });
  expect(state({})).toBe('ok');
  expect(state({ failures: 1, lastFailure })).toBe('ok');
  expect(state({ failures: 3, lastFailure })).toBe('degraded');
  expect(state({ failures: 1, lastFailure: { ...lastFailure, atMs: 6_000 } })).toBe('degraded');
  expect(callFacts([{ ...count, calls: 37, failures: 37, lastSuccessAtMs: null, lastFailure }]).health).toEqual({
    state: 'down',
    reason: 'All 37 calls failed in the last hour. The last error: The key is refused.',
    why: {
      code: 'with-last-error',
      values: { what: { code: 'calls-all-failed', values: { count: '37' } }, cause: 'The key is refused.' },
    },
  });
});

test('calls survive a restart, are forgotten after an hour, and the median is that of all models', async () => {
  const [store, clock] = [await openStore(), new FakeClock(10_000_000)];
  const calls = new ModelCalls({ store, clock, logger: logMemory() });
  const note = (call: { ref: string; firstTokenMs: number | null; error: string | null }): void =>
    calls.note({ ...call, agentId: '', endedAtMs: clock.now(), durationMs: 1_000 });
  for (const firstTokenMs of [100, 900, 200]) note({ ref: 'a/b', firstTokenMs, error: null });
  note({ ref: 'a/c', firstTokenMs: null, error: 'no' });
  await calls.close();
  const next = new ModelCalls({ store, clock, logger: logMemory() });
  expect((await next.read()).ofProvider('a').lastHour).toMatchObject({ calls: 4, failures: 1, firstTokenMs: 200 });
  clock.advance(3_600_001);
  expect((await next.read()).ofProvider('a').lastHour.calls).toBe(0);
});
