import { expect, test } from 'vitest';
import { purgeTurnSteps } from '../../../../../daemon/worker/store/turns/turn-steps.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { definedFields } from '../../../../../shared/fields.js';
import { anthropic } from '../../../../fakes/vendors/anthropic.js';
import { says, type FakeCall } from '../../../../fakes/vendors/vendor-reply.js';
import { startVendor } from '../../../../fakes/vendors/vendor-server.js';
import { makeChat } from '../../../../helpers/chat-fixture.js';
import { ask, type TestConversation } from '../../../../helpers/make-conversation.js';
import { openStore } from '../../../../helpers/open-store.js';

const PRICES = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
const send = (content: string): FakeCall => ({ id: 's', name: 'send', input: { channel: 'webhook', chat_id: 'room', content } });
const time: FakeCall = { id: 't', name: 'time', input: { timezone: 'UTC' } };
const step = (text: string, ...calls: FakeCall[]) => ({ ...says(text), calls });
const hangs = (text: string) => ({ ...says(text, 'never'), gate: { before: 1, until: new Promise(() => undefined) } });

/**
 * Workers of one home, one after another. Each takes those before it for dead and those after it for alive: in this process a dead one goes
 * on, and would take its work back.
 */
async function makeWorld() {
  const fake = await startVendor(anthropic);
  const model = { id: 'fake-model', cost: PRICES };
  const models = { providers: { fake: { baseUrl: fake.baseUrl, apiKey: 'key-of-the-fake', api: 'anthropic-messages', models: [model] } } };
  const chat = await makeChat();
  const started: string[] = [];
  const start = (instanceId: string, home?: string) => {
    started.push(instanceId);
    const liveInstanceIds = (): string[] => started.slice(started.indexOf(instanceId));
    return chat.start({ models, instanceId, liveInstanceIds, ...definedFields({ home }) });
  };
  const first = await start('wk_1');
  const { home } = first;
  const next = (instanceId: string) => start(instanceId, home);
  const asked = (count: number) => expect.poll(() => fake.requests.length, { timeout: 10_000 }).toBe(count);
  const store = await openStore({ home });
  const rows = () =>
    store.read(async (tx) => ({
      turns: await queriesOf(tx).selectFrom('turns').selectAll().orderBy('created_at').execute(),
      session: await queriesOf(tx).selectFrom('sessions').selectAll().orderBy('id').executeTakeFirstOrThrow(),
      steps: await queriesOf(tx).selectFrom('turn_steps').select('step').execute(),
      calls: await queriesOf(tx).selectFrom('turn_calls').select('step').execute(),
    }));
  const said = async ({ sessions }: TestConversation, key: string) => {
    const { messages } = await sessions.get(key);
    return messages.map(({ role, content }) => `${role}: ${content.split('\n').join('|')}`);
  };
  // A delivery that a killed worker could not note is made again, under the same id.
  const told = () => [...new Map(chat.receiver.received.map(({ id, content }) => [id, content])).values()].toSorted();
  return { fake, chat, first, next, asked, rows, said, told, store };
}

test('a chat’s turn goes on after two dead workers: no step is asked again, no tool runs again, and all of it is counted once', async () => {
  const { fake, chat, first, next, asked, rows, said, told } = await makeWorld();
  const answers = [step('One.', send('1')), step('Two.', send('2'), time), step('Three.', send('3'), send('4')), says('Done.')];
  fake.reply(...answers.slice(0, 2), hangs('Thr'), ...answers.slice(2, 3), hangs('Do'), ...answers.slice(3));
  await chat.say(first, 'go');
  await asked(3);
  const second = await next('wk_2');
  await asked(5);
  await next('wk_3');
  await expect.poll(told, { timeout: 10_000 }).toEqual(['1', '2', '3', '4', 'One.\n\nTwo.\n\nThree.\n\nDone.']);
  expect(fake.requests).toHaveLength(6);
  expect(await said(second, 'main:webhook:default:direct:chat')).toEqual([
    'user: go',
    expect.stringContaining('tool: send'),
    expect.stringContaining('tool: send'),
    expect.stringContaining('tool: time'),
    expect.stringContaining('tool: send'),
    expect.stringContaining('tool: send'),
    'assistant: One.||Two.||Three.||Done.',
  ]);
  const { turns, session, steps, calls } = await rows();
  // Four steps of 11 and 5 tokens have ended.
  expect(turns.map(({ state, input_tokens: tokens }) => [state, tokens])).toEqual([
    ['interrupted', null],
    ['interrupted', null],
    ['done', 44],
  ]);
  expect([session.input_tokens, session.output_tokens, session.cost_usd]).toEqual([44, 20, expect.closeTo(turns[2]?.cost_usd ?? 0, 12)]);
  expect([steps, calls]).toEqual([[], []]);
  expect((await second.sessions.get('main:webhook:default:direct:chat')).messages).toHaveLength(7);
});

test('a turn with a key goes on at the end of the conversation, where others have spoken since', async () => {
  const { fake, first, next, asked, said } = await makeWorld();
  fake.reply(step('One.', send('1')), hangs('Tw'), says('aside'), says('Two.'));
  const keyed = { message: 'go', idempotency: { key: 'k' } };
  void ask(first, keyed).catch(() => undefined);
  await asked(2);
  const second = await next('wk_2');
  expect((await ask(second, 'by the way')).text).toBe('aside');
  expect((await ask(second, keyed)).last).toMatchObject({ type: 'done', reply: 'One.\n\nTwo.', usage: { inputTokens: 22 } });
  expect(await said(second, 'main:api:default:direct:default')).toEqual([
    'user: by the way',
    'assistant: aside',
    'user: go',
    expect.stringContaining('tool: send'),
    'assistant: One.||Two.',
  ]);
});

test('a job’s turn goes on as its next attempt, where the job says so, and the end of a worker in order is no loss either', async () => {
  const { fake, first, next, asked, said, told } = await makeWorld();
  fake.reply(step('One.', send('1')), hangs('Tw'), says('Two.'));
  const where = { channel: 'webhook', chat_id: 'chat' };
  const job = await first.cron.create({ schedule: 'every 1h', message: 'Report', mode: 'agent', interrupted: 'again', ...where });
  await first.cron.trigger(job.id);
  await asked(2);
  await first.close();
  const second = await next('wk_2');
  const runs = async () => (await second.cron.runs(job.id, {})).runs.map(({ state, inputTokens }) => [state, inputTokens]);
  await expect.poll(runs, { timeout: 10_000 }).toEqual([
    ['done', 22],
    ['interrupted', null],
  ]);
  await expect.poll(told, { timeout: 10_000 }).toEqual(['1', 'One.\n\nTwo.']);
  expect(fake.requests).toHaveLength(3);
  expect(await said(second, `main:cron:default:direct:${job.id}`)).toEqual([
    'user: Report',
    expect.stringContaining('tool: send'),
    'assistant: One.||Two.',
  ]);
});

test('a response in the background goes on from its steps', async () => {
  const { fake, first, next, asked, rows, told } = await makeWorld();
  const caller = { session: undefined, idempotency: undefined, owner: null, viewer: undefined };
  const tools = [{ type: 'function' as const, name: 'mine', parameters: { type: 'object', properties: {} }, strict: null }];
  const request = { model: 'main', input: 'go', background: true, tools };
  fake.reply(step('One.', send('1')), hangs('Tw'), says('Two.'));
  const { id } = await first.responses.enqueue(await first.responses.prepare(request, caller), caller);
  await asked(2);
  const second = await next('wk_2');
  const done = { status: 'completed', usage: { input_tokens: 22, output_tokens: 10 } };
  await expect.poll(() => second.responses.get({ id, viewer: undefined }), { timeout: 10_000 }).toMatchObject(done);
  const { output } = await second.responses.get({ id, viewer: undefined });
  expect(JSON.stringify(output)).toContain('One.\\n\\nTwo.');
  expect(fake.requests).toHaveLength(3);
  await expect.poll(told, { timeout: 10_000 }).toEqual(['1']);
  expect((await rows()).steps).toEqual([]);
});

test('what a stopped gateway has left of a chat’s turn is kept until its message is answered, however long that takes', async () => {
  const { fake, chat, first, next, asked, rows, told, store } = await makeWorld();
  fake.reply(step('One.', send('1')), hangs('Do'), says('Done.'));
  await chat.say(first, 'go');
  await asked(2);
  await first.close();
  expect(await store.write((tx) => purgeTurnSteps(tx, { beforeMs: Date.now() + 1, nowMs: Date.now() }))).toBe(0);
  await next('wk_2');
  await expect.poll(told, { timeout: 10_000 }).toEqual(['1', 'One.\n\nDone.']);
  expect([fake.requests.length, (await rows()).steps]).toEqual([3, []]);
});
