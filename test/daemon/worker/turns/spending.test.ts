import { expect, onTestFinished, test } from 'vitest';
import { retryHeaders } from '../../../../daemon/worker/http/dialects.js';
import type { GatewayError } from '../../../../shared/errors.js';
import { says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { ask, type ConversationOptions, makeConversation } from '../../../helpers/make-conversation.js';

/** What a call may cost at most: a hundred tokens of the answer, and some of the question. */
const MOST = 0.2;

const call = {
  model: 'fake/one',
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }],
  extra: { api: 'chat-completions' as const, fields: {} },
};

const MINE = { name: 'mine', parameters: { type: 'object', properties: {} } };

async function typesOf(outputs: AsyncIterable<{ readonly type: string }>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of outputs) types.push(type);
  return types;
}

async function start(limit: object, tools: readonly string[] = [], options: ConversationOptions = {}) {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  const model = { id: 'one', maxTokens: 100, cost: { input: 1, output: 1_000 } };
  const models = { providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'sk', models: [model] } } };
  const config = { agents: { ...limit, list: [{ id: 'main', model: 'fake/one', tools }] } };
  return { fake, conversation: await makeConversation({ models, config, ...options }) };
}

test('fifty turns at once stay within the limit of the day, but for one reservation', async () => {
  const { fake, conversation } = await start({ dailyUsd: 0.5 });
  fake.replyAlways(says('one two three'));
  const turns = Array.from({ length: 50 }, (_turn, index) => ask(conversation, { message: 'hi', session: `s${index}` }));
  const ends = (await Promise.all(turns)).map(({ last }) => last);
  const spent = ends.reduce((sum, last) => sum + (last?.type === 'done' ? (last.usage.costUsd ?? 0) : 0), 0);
  expect(spent).toBeGreaterThan(0);
  expect(spent).toBeLessThanOrEqual(0.5 + MOST);
  const refused = ends.filter((last) => last?.type === 'error');
  expect(refused.length).toBeGreaterThan(0);
  // By what is spent, or by what running calls have reserved.
  for (const last of refused)
    expect(last).toMatchObject({ code: 'RATE_LIMITED', message: expect.stringContaining('the 0.5 US dollars of today') });
});

test('a turn that a spent limit refuses says so as a sentence, and is none of unknown price', async () => {
  const { fake, conversation } = await start({ dailyUsd: 0.001 });
  fake.replyAlways(says('one two three'));
  const resetAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00\.000Z$/) as string;
  await ask(conversation, { message: 'hi' });
  const { last } = await ask(conversation, { message: 'again' });
  expect(last).toMatchObject({
    code: 'RATE_LIMITED',
    message: expect.stringMatching(/; the limit is reset at \S+Z\. To raise it, change agents\.dailyUsd\.$/) as string,
    details: { code: 'spent-all', values: { usd: '0.001', time: resetAt } },
  });
  expect(fake.requests).toHaveLength(1);
  const { total } = await conversation.usage.read({ days: 2, utcOffsetMinutes: 0 });
  expect(total).toMatchObject({ turns: 2, unpricedTurns: 0 });
});

test('what a token spends is in the list of tokens, and in the usage under its name, also once it is revoked', async () => {
  const { fake, conversation } = await start({});
  fake.replyAlways(says('one two three'));
  const { accessTokens: tokens, usage } = conversation;
  const { token: free } = await tokens.add({ name: 'free', scopes: ['chat'] });
  const { token: limited } = await tokens.add({ name: 'limited', scopes: ['chat'], dailyUsd: 50 });
  for (const [index, id] of [undefined, free.id, limited.id, limited.id].entries())
    await ask(conversation, { message: 'hi', session: `s${index}`, access: id === undefined ? id : await tokens.findById(id) });
  const costs = (await usage.read({ days: 2, utcOffsetMinutes: 0 })).total.costUsd / 4;
  expect(costs).toBeGreaterThan(0);
  const close = (factor: number): number => expect.closeTo(costs * factor, 5) as number;
  await expect.poll(() => tokens.list()).toMatchObject([{ spentTodayUsd: close(1) }, { spentTodayUsd: close(2) }]);
  expect(await tokens.revoke('limited')).toMatchObject({ spentTodayUsd: close(2) });
  expect((await usage.read({ days: 2, utcOffsetMinutes: 0 })).tokens).toMatchObject([
    { id: limited.id, name: 'limited', turns: 2, costUsd: close(2) },
    { id: free.id, name: 'free', turns: 1, costUsd: close(1) },
  ]);
  // A call that names a model belongs to no turn.
  expect(await typesOf(conversation.completions.run({ ...call, tokenId: free.id }, new AbortController().signal))).toContain('finish');
  expect(await usage.read({ days: 2, utcOffsetMinutes: 0 })).toMatchObject({
    total: { turns: 4, calls: 1, unpricedCalls: 0 },
    kinds: [
      { kind: 'turn', turns: 4, calls: 0 },
      { kind: 'completion', calls: 1, costUsd: close(1) },
    ],
  });
  expect(await tokens.list()).toMatchObject([{ spentTodayUsd: close(2) }]);
});

test('a job with a limit of its own is not run beyond it', async () => {
  const { fake, conversation } = await start({}, [], { clock: new FakeClock(Date.parse('2026-01-01T08:00:00Z')) });
  fake.replyAlways(says('one two three'));
  const { cron } = conversation;
  const job = await cron.create({ schedule: 'every 1h', message: 'Report', mode: 'agent', dailyUsd: 0.000_001 });
  const states: (string | null)[] = [];
  for (let count = 1; count <= 2; count += 1) {
    await cron.trigger(job.id);
    await expect.poll(async () => (await cron.runs(job.id, {})).runs.filter((run) => run.finishedAt !== null)).toHaveLength(count);
    const [last] = (await cron.runs(job.id, {})).runs;
    states.push(last?.state ?? null, last?.error ?? null);
  }
  expect(states).toEqual(['done', null, 'failed', expect.stringContaining(`The scheduled job ${job.id} has spent`)]);
  // A retry before midnight would be refused, too.
  expect((await cron.runs(job.id, {})).runs).toHaveLength(2);
});

test('a run that a token asks for is charged to it, as a retry of one is', async () => {
  const { fake, conversation } = await start({});
  fake.replyAlways(says('one two three'));
  const { cron, accessTokens } = conversation;
  const { token } = await accessTokens.add({ name: 'bot', scopes: ['cron', 'chat'], dailyUsd: 0.000_001 });
  const access = await accessTokens.findById(token.id);
  const job = await cron.create({ schedule: 'every 1h', message: 'Report', mode: 'agent', retries: 0 });
  const run = async (runId?: string): Promise<{ id: string; ends: (string | null)[] }> => {
    const { runId: id } = await cron.trigger(job.id, { runId, access });
    const read = async () => (await cron.runs(job.id, {})).runs.find((one) => one.id === id);
    await expect.poll(async () => (await read())?.finishedAt ?? null).not.toBeNull();
    const { state = null, error = null } = (await read()) ?? {};
    return { id, ends: [state, error] };
  };
  const refused = ['failed', expect.stringContaining("The access token 'bot' has spent")];
  expect((await run()).ends).toEqual(['done', null]);
  const failed = await run();
  expect(failed.ends).toEqual(refused);
  expect((await run(failed.id)).ends).toEqual(refused);
  expect((await conversation.usage.read({ days: 1, utcOffsetMinutes: 0 })).tokens).toMatchObject([{ id: token.id, turns: 3 }]);
});

test('a model that is asked by itself counts against the limit of all', async () => {
  const { fake, conversation } = await start({ dailyUsd: 0.000_001 });
  fake.replyAlways(says('one two three'));
  const outputs = (): Promise<string[]> => typesOf(conversation.completions.run(call, new AbortController().signal));
  expect(await outputs()).toContain('finish');
  const error = await outputs().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'RATE_LIMITED' });
  expect(retryHeaders(error as GatewayError)).toEqual({ 'Retry-After-Ms': expect.any(String) as string, 'X-Should-Retry': 'false' });
});

test.each(['leaves', 'is failed'])('a caller who uses the tools of an agent and %s in the middle keeps nothing reserved', async (how) => {
  const { fake, conversation } = await start({ dailyUsd: 0.25 }, ['time']);
  fake.replyAlways(how === 'leaves' ? says('one ', 'two ') : { type: 'broken', parts: ['one '], how: 'cut' });
  for (let index = 0; index < 5; index += 1) {
    const outputs = conversation.completions.run({ ...call, model: 'main', tools: [MINE] }, new AbortController().signal);
    const types: string[] = [];
    for await (const { type } of outputs) {
      types.push(type);
      if (how === 'leaves' || type === 'error') break;
    }
    expect(types).not.toEqual([]);
  }
});
