import { STORE_DELAY_MS } from '../../../../../daemon/worker/models/model-calls.js';
import { knownSentence } from '../../../../../shared/text/sentences/known.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { overloaded, rateLimited, says, unauthorized } from '../../../../fakes/openai/reply.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../../fakes/openai/server.js';
import { systemClock } from '../../../../../shared/clock.js';
import { ask, fakeModels, makeConversation, type ConversationOptions } from '../../../../helpers/make-conversation.js';
import { eventually } from '../../../../helpers/eventually.js';

let fake: FakeOpenAi;

beforeEach(async () => {
  fake = await startFakeOpenAi();
});

afterEach(() => fake.close());

/** Waiting is noted, not done. */
function hasty() {
  const waits: number[] = [];
  const clock = {
    now: systemClock.now,
    after: (delayMs: number, callback: () => void) => {
      if (delayMs >= 500 && delayMs < 60_000 && delayMs !== STORE_DELAY_MS) waits.push(delayMs);
      return systemClock.after(delayMs >= 60_000 ? delayMs : 0, callback);
    },
  };
  return { waits, clock };
}

const start = (options: ConversationOptions = {}) =>
  makeConversation({ models: fakeModels(fake.baseUrl), random: () => 0, isActive: false, ...options });

test.each([
  {
    name: "the request's model",
    config: { agents: { list: [{ id: 'main', model: 'fake/a' }], defaults: { model: 'fake/b' } } },
    model: 'fake/two',
    used: 'fake/two',
  },
  {
    name: "the agent's model",
    config: { agents: { list: [{ id: 'main', model: 'fake/two' }], defaults: { model: 'fake/one' } } },
    used: 'fake/two',
  },
  { name: "the defaults' model", config: { agents: { defaults: { model: 'fake/two' } } }, used: 'fake/two' },
  { name: "the first provider's first model", config: {}, used: 'fake/one' },
])('$name decides before what comes after it', async ({ config, model, used }) => {
  const conversation = await start({ config });
  const { last } = await ask(conversation, { message: 'x', ...(model === undefined ? {} : { model }) });
  expect(last).toMatchObject({ type: 'done', model: used });
  expect(`fake/${fake.requests[0]?.model}`).toBe(used);
});

test('a key in the environment switches its provider on, with the models of the server that it names', async () => {
  const values: Record<string, string> = { OPENAI_API_KEY: 'sk-env', OPENAI_BASE_URL: fake.baseUrl };
  const conversation = await start({ models: {}, environment: (name) => values[name] });
  expect((await ask(conversation, 'x')).last).toMatchObject({ type: 'done', model: 'openai/fake-model' });
  expect(fake.requests[0]).toMatchObject({ model: 'fake-model', headers: { authorization: 'Bearer sk-env' } });
  expect((await conversation.models.providers()).filter(({ configured }) => configured)).toEqual([
    expect.objectContaining({ id: 'openai', name: 'OpenAI', api: 'openai-completions', baseUrl: fake.baseUrl, source: 'OPENAI_API_KEY' }),
    expect.objectContaining({ id: 'xopc', configured: true }),
  ]);
  const list = await conversation.models.models();
  expect(list.models.map(({ id }) => id)).toEqual(['openai/fake-model', 'xopc/guide']);
  expect(list.defaults).toEqual([{ agentId: 'main', model: 'openai/fake-model' }]);
  expect((await ask(conversation, { message: 'x', model: 'openai/brand-new' })).last).toMatchObject({ model: 'openai/brand-new' });
});

test('without a configured provider the built-in guide answers and explains that it is not a model', async () => {
  const conversation = await start({ models: {} });
  const { last, text } = await ask(conversation, 'What is the meaning of life?');
  expect(last).toMatchObject({ type: 'done', model: 'xopc/guide', reply: text, usage: { inputTokens: null, outputTokens: null } });
  expect(text).toMatch(/no language model is configured/);
  expect(text).toContain('models.json');
  expect(fake.requests).toEqual([]);
  expect((await conversation.models.providers())[0]).toMatchObject({ id: 'openai', configured: false });
});

test("a model that is added answers the next turn, without the guide's answers in its context", async () => {
  const conversation = await start({ models: {} });
  await ask(conversation, 'My name is Ada.');
  await ask(conversation, '/help');
  conversation.setModels(fakeModels(fake.baseUrl));
  await ask(conversation, 'Who am I?');
  expect(fake.requests[0]?.messages.map(({ content }) => content)).toEqual(['My name is Ada.', 'Who am I?']);
});

test('a transient failure is retried after the delay that the provider asks for', async () => {
  const { waits, clock } = hasty();
  const conversation = await start({ clock });
  fake.reply(overloaded(), rateLimited('3'), says('at last'));
  expect((await ask(conversation, 'x')).text).toBe('at last');
  expect(waits).toEqual([500, 3_000]);
  expect(fake.requests).toHaveLength(3);
});

test('a provider that stays unreachable is given up after three attempts', async () => {
  const { waits, clock } = hasty();
  const conversation = await start({ clock });
  fake.replyAlways(overloaded(500));
  expect((await ask(conversation, 'x')).last).toMatchObject({
    type: 'error',
    code: 'AGENT_ERROR',
    message: expect.stringContaining('HTTP 500') as string,
  });
  expect(waits).toEqual([500, 1_000]);
  expect(fake.requests).toHaveLength(3);
});

test('a long delay that the provider asks for is an error at once', async () => {
  const conversation = await start();
  fake.reply(rateLimited('120'));
  expect((await ask(conversation, 'x')).last).toMatchObject({
    type: 'error',
    code: 'RATE_LIMITED',
    message: expect.stringContaining('Try again in 120 s') as string,
    details: { retryAfterSeconds: 120 },
  });
  expect(fake.requests).toHaveLength(1);
});

test('nothing is retried after the first text', async () => {
  const { clock } = hasty();
  const conversation = await start({ clock });
  fake.reply({ type: 'broken', parts: ['half '], how: 'cut' });
  expect((await ask(conversation, 'x')).last).toMatchObject({
    type: 'error',
    message: expect.stringContaining('closed in the middle') as string,
  });
  expect(fake.requests).toHaveLength(1);
});

test('a fallback answers for a model that cannot, and the reason is logged', async () => {
  const config = { agents: { defaults: { model: { primary: 'fake/one', fallbacks: ['gone/model', 'fake/two'] } } } };
  const conversation = await start({ config });
  fake.reply(unauthorized());
  expect((await ask(conversation, 'x')).last).toMatchObject({ type: 'done', model: 'fake/two' });
  const reasons = conversation.log.entries
    .filter(({ message }) => message === 'the model did not answer')
    .map(({ fields }) => fields['model']);
  expect(reasons).toEqual(['fake/one', 'gone/model']);
  expect(conversation.warnings()).toEqual([
    expect.objectContaining({ code: 'MODEL_UNUSABLE', message: expect.stringContaining("'gone/model'") as string }),
  ]);
});

test('when every model fails, the first one’s reason comes first', async () => {
  const config = { agents: { defaults: { model: { primary: 'fake/one', fallbacks: ['gone/model', 'lost/model'] } } } };
  const conversation = await start({ config });
  fake.reply(unauthorized());
  const { last } = await ask(conversation, 'x');
  const { message } = last as { message: string };
  expect(message).toMatch(
    /^fake refused the API key.* The fallback failed too: gone\/model: .* The next fallback failed too: lost\/model: /s,
  );
  const unusable = { code: 'model-unusable', values: { cause: { code: 'no-provider' } } };
  const cause = { code: 'with-next-fallback', values: { what: unusable, ref: 'lost/model', cause: unusable } };
  expect(knownSentence(message)).toMatchObject({ code: 'with-fallback', values: { ref: 'gone/model', cause } });
});

test('a bundle that fails to load is an error at once', async () => {
  const conversation = await start({
    loadAi: () => {
      throw new Error('dist/ai.cjs is gone');
    },
  });
  expect((await ask(conversation, 'x')).last).toMatchObject({
    code: 'AGENT_ERROR',
    message: expect.stringContaining('dist/ai.cjs is gone') as string,
  });
});

test('the vendors’ bundle is loaded in idle time, and only where a provider is configured', async () => {
  const { clock } = hasty();
  const loadAi = vi.fn(() => {
    throw new Error('only counted');
  });
  await start({ models: {}, clock, loadAi, isActive: true });
  await start({ clock, loadAi, isActive: true });
  await eventually(() => expect(loadAi).toHaveBeenCalledTimes(1));
});
