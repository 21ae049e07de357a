import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { GatewayEvent } from '../../../../../shared/api/gateway/events.js';
import type { ApprovalDocument, DecisionRequest } from '../../../../../shared/api/tools/approvals.js';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { WaitingTurns } from '../../../../../daemon/worker/turns/steps/waiting-turns.js';
import { systemClock } from '../../../../../shared/clock.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { testConfig } from '../../../../helpers/test-config.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { says, type FakeCall } from '../../../../fakes/vendors/vendor-reply.js';
import { makeAskingAgent } from '../../../../helpers/asking-agent.js';
import { ask, type TestConversation } from '../../../../helpers/make-conversation.js';
import { openStore } from '../../../../helpers/open-store.js';

const CHAT = 'main:webhook:default:direct:chat';
const DIRECT = 'main:api:default:direct:default';
const by = { via: 'page', name: null };
const send = (content: string): FakeCall => ({ id: `s${content}`, name: 'send', input: { channel: 'webhook', chat_id: 'room', content } });
const time: FakeCall = { id: 't', name: 'time', input: { timezone: 'UTC' } };
const step = (text: string, ...calls: FakeCall[]) => ({ ...says(text), calls });
const LONG = { timeout: 10_000 };

/** A gateway whose agent asks before it sends. */
async function makeWorld() {
  const { fake, models, chat, config, said } = await makeAskingAgent();
  /** The states of questions, from events. */
  const news: string[] = [];
  const publish = (event: GatewayEvent): void => void (event.type === 'approval' && news.push(event.state));
  const start = (instanceId: string, home?: string) =>
    chat.start({ models, config, instanceId, publish, ...(home === undefined ? {} : { home }) });
  const first = await start('wk_1');
  const next = (instanceId: string) => start(instanceId, first.home);
  const pending = async ({ approvals }: TestConversation, count = 1): Promise<ApprovalDocument[]> => {
    const read = async () => (await approvals.list({ state: 'pending' }, undefined)).approvals.toReversed();
    await expect.poll(async () => (await read()).length, LONG).toBe(count);
    return read();
  };
  const decide = ({ approvals }: TestConversation, id = 0, how: DecisionRequest = { decision: 'approve' }) =>
    approvals.decide({ ...how, id, by }, undefined);
  const told = (chatId: string) => {
    const mine = chat.receiver.received.filter((one) => one.chatId === chatId && !one.content.includes('**Approval'));
    return [...new Map(mine.map(({ id, content }) => [id, content])).values()];
  };
  const store = await openStore({ home: first.home });
  const states = () =>
    store.read(async (tx) => ({
      turns: (await queriesOf(tx).selectFrom('turns').select('state').orderBy('created_at').execute()).map(({ state }) => state),
      inbox: (await queriesOf(tx).selectFrom('inbox_messages').select('state').orderBy('seq').execute()).map(({ state }) => state),
      leases: (await queriesOf(tx).selectFrom('leases').select('key').where('key', 'like', 'session:%').execute()).length,
    }));
  return { fake, chat, first, next, pending, decide, said, told, states, store, config, news };
}

test('a chat waits for a decision without a worker, later messages wait behind it, and the call runs once with what was asked', async () => {
  const { fake, chat, first, next, pending, decide, said, told, states } = await makeWorld();
  fake.reply(step('I ask.', send('1'), time), says('Sent.'), says('Yes?'));
  await chat.say(first, 'invite');
  const [asked] = await pending(first);
  expect(asked).toMatchObject({ tool: 'send', input: { content: '1' }, said: 'I ask.', session: CHAT });
  await expect.poll(states, LONG).toEqual({ turns: ['waiting'], inbox: ['waiting'], leases: 0 });
  await chat.say(first, 'and?');
  // What needs no decision has run. The next worker finds nothing to do.
  await first.close();
  const second = await next('wk_2');
  expect(await said(second, CHAT)).toEqual(['user: invite', expect.stringContaining('tool: time')]);
  expect([fake.requests.length, told('room')]).toEqual([1, []]);
  await decide(second, asked?.id);
  await expect.poll(() => told('chat'), LONG).toEqual(['I ask.\n\nSent.', 'Yes?']);
  expect(told('room')).toEqual(['1']);
  expect((await said(second, CHAT)).filter((line) => !line.startsWith('tool'))).toEqual([
    'user: invite',
    'assistant: I ask.||Sent.',
    'user: and?',
    'assistant: Yes?',
  ]);
  expect(fake.requests).toHaveLength(3);
  expect(await states()).toEqual({ turns: ['done', 'done'], inbox: ['done', 'done'], leases: 0 });
});

test('a caller without a chat is told what is waited for, also when it asks again; the answer comes into the session, and under its key', async () => {
  const { fake, first, pending, decide, said, told, states, news } = await makeWorld();
  fake.reply(step('I ask.', send('1'), send('2')), says('One was sent.'));
  const keyed = { message: 'go', idempotency: { key: 'k' } };
  const { last } = await ask(first, keyed);
  const approvals = await pending(first, 2);
  expect(last).toMatchObject({ type: 'done', reply: 'I ask.', approvals: approvals.map(({ id }) => ({ id, tool: 'send' })) });
  expect((await ask(first, keyed)).last).toEqual(last);
  await decide(first, approvals[0]?.id);
  expect((await states()).turns).toEqual(['waiting']);
  await decide(first, approvals[1]?.id, { decision: 'deny', note: 'too many' });
  expect((await ask(first, keyed)).last).toMatchObject({ type: 'done', reply: 'I ask.\n\nOne was sent.', usage: { inputTokens: 22 } });
  expect(JSON.stringify(fake.requests[1]?.body)).toContain('not run: a person has denied it: too many');
  await expect.poll(() => told('room'), LONG).toEqual(['1']);
  expect((await said(first, DIRECT)).at(-1)).toBe('assistant: I ask.||One was sent.');
  expect(news).toEqual(['pending', 'pending', 'approved', 'denied']);
});

test('a reply names what was decided while another call of the step ran: it is not the whole answer', async () => {
  const { fake, first, pending, decide, said, config } = await makeWorld();
  const page = createServer().listen(0, '127.0.0.1');
  const requested = once(page, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  await once(page, 'listening');
  onTestFinished(() => void page.close());
  first.setConfig({ ...config, agents: { defaults: { ...config.agents.defaults, fetchAllow: ['127.0.0.1'] } } });
  const { port } = page.address() as AddressInfo;
  const read: FakeCall = { id: 'f', name: 'fetch', input: { url: `http://127.0.0.1:${port}/` } };
  fake.reply(step('I ask.', send('1'), read), says('Sent.'));
  const asking = ask(first, { message: 'go' });
  const [asked] = await pending(first);
  await decide(first, asked?.id);
  const [, response] = await requested;
  response.end('page');
  expect((await asking).last).toMatchObject({ type: 'done', reply: 'I ask.', approvals: [{ id: asked?.id, state: 'approved' }] });
  await expect.poll(async () => (await said(first, DIRECT)).at(-1), LONG).toBe('assistant: I ask.||Sent.');
});

test.each(['stop', 'delete'])('%s ends a turn that waits, and the chat goes on', async (how) => {
  const { fake, chat, first, pending, states, told, news } = await makeWorld();
  fake.reply(step('I ask.', send('1')), says('Yes?'));
  await chat.say(first, 'invite');
  await pending(first);
  await expect.poll(async () => (await states()).inbox, LONG).toEqual(['waiting']);
  if (how === 'stop') await chat.say(first, '/stop');
  await chat.say(first, 'and?');
  if (how === 'delete') await first.sessions.delete(CHAT);
  await pending(first, 0);
  await expect.poll(() => told('chat').includes('Yes?'), LONG).toBe(true);
  expect((await states()).turns[0]).toBe('aborted');
  expect(fake.requests).toHaveLength(2);
  expect(news).toEqual(['pending', 'cancelled']);
});

test('the turn of a job waits as its run does, and a worker that ends after the decision costs nothing', async () => {
  const { fake, first, next, pending, decide, told } = await makeWorld();
  fake.reply(step('I ask.', send('1')), { ...says('Do', 'ne'), gate: { before: 1, until: new Promise(() => undefined) } }, says('Done.'));
  const where = { channel: 'webhook', chat_id: 'chat' };
  const job = await first.cron.create({ schedule: 'every 1h', message: 'Report', mode: 'agent', interrupted: 'again', ...where });
  await first.cron.trigger(job.id);
  const [asked] = await pending(first);
  const runs = async ({ cron }: TestConversation) => (await cron.runs(job.id, {})).runs.map(({ state }) => state);
  await expect.poll(() => runs(first), LONG).toEqual(['queued']);
  await decide(first, asked?.id);
  await expect.poll(() => fake.requests.length, LONG).toBe(2);
  await first.close();
  const second = await next('wk_2');
  await expect.poll(() => runs(second), LONG).toEqual(['done', 'interrupted']);
  await expect.poll(() => told('chat'), LONG).toEqual(['I ask.\n\nDone.']);
  expect([told('room'), fake.requests.length]).toEqual([['1'], 3]);
});

test.each(['disabled', 'deleted', 'replaced'])('a job that is %s takes its turn that waits with it', async (how) => {
  const { fake, first, pending, states, news } = await makeWorld();
  fake.reply(step('I ask.', send('1')), says('Again.'));
  const [schedule, overlap] = how === 'disabled' ? (['every 1s', 'skip'] as const) : (['every 1h', 'replace'] as const);
  const job = await first.cron.create({ schedule, message: 'Report', mode: 'agent', overlap });
  if (how !== 'disabled') await first.cron.trigger(job.id);
  await pending(first);
  await expect.poll(async () => (await states()).turns, LONG).toEqual(['waiting']);
  if (how === 'replaced') await first.cron.update(job.id, { schedule: 'every 1s' });
  if (how === 'disabled') await first.cron.toggle(job.id, false);
  if (how === 'deleted') await first.cron.delete(job.id);
  await expect.poll(async () => (await states()).turns[0], LONG).toBe('aborted');
  await expect.poll(() => news.slice(0, 2), LONG).toEqual(['pending', 'cancelled']);
  await pending(first, 0);
});

test('decisions are no failures: after many of them, a turn still goes on when its worker ends', async () => {
  const { fake, first, next, pending, decide, said } = await makeWorld();
  const steps = ['1', '2', '3', '4'].map((content) => step('', send(content)));
  fake.reply(...steps, { ...says('Do', 'ne'), gate: { before: 1, until: new Promise(() => undefined) } }, says('Done.'));
  await ask(first, { message: 'go' });
  for (const [index] of steps.entries()) {
    await expect.poll(() => fake.requests.length, LONG).toBe(index + 1);
    const [asked] = await pending(first);
    await decide(first, asked?.id);
  }
  await expect.poll(() => fake.requests.length, LONG).toBe(5);
  const second = await next('wk_2');
  await expect.poll(async () => (await said(second, DIRECT)).at(-1), LONG).toBe('assistant: Done.');
});

test('a turn that is stopped while its wait is being stored ends', async () => {
  const { fake, first, pending, states, store } = await makeWorld();
  fake.reply(step('I ask.', send('1')));
  await ask(first, { message: 'go' });
  const [asked] = await pending(first);
  const liveness = createLiveness('wk_1', () => ['wk_1']);
  const from = { store, liveness, clock: systemClock, logger: logMemory(), instanceId: 'wk_1', config: () => testConfig() };
  const waiting = new WaitingTurns({
    ...from,
    live: { touch: () => undefined },
    inbox: { wake: () => undefined },
    outbox: { enqueue: async () => undefined, wake: () => undefined },
    registry: () => ({}) as never,
  });
  await waiting.parked(asked?.turnId ?? '', AbortSignal.abort(new GatewayError('STOPPING', { message: 'the gateway stops' })));
  expect((await states()).turns).toEqual(['waiting']);
  await waiting.parked(asked?.turnId ?? '', AbortSignal.abort(new GatewayError('CONFLICT', { message: 'stopped' })));
  expect((await states()).turns).toEqual(['aborted']);
  await pending(first, 0);
});

test('a chat that gets another agent while it waits is answered by that one from the beginning, without what the first one asked for', async () => {
  const { fake, chat, first, pending, states, told, config } = await makeWorld();
  fake.reply(step('I ask.', send('1')), says('I am new.'));
  await chat.say(first, 'invite');
  const [asked] = await pending(first);
  await expect.poll(async () => (await states()).inbox, LONG).toEqual(['waiting']);
  const agents = { ...config.agents, default: 'other', list: [{ id: 'main' }, { id: 'other' }] };
  first.setConfig({ ...config, agents });
  await first.approvals.decide({ id: asked?.id ?? 0, by, decision: 'approve' }, undefined);
  await expect.poll(() => told('chat'), LONG).toEqual(['I am new.']);
  expect((await states()).turns).toEqual(['aborted', 'done']);
  expect([told('room'), fake.requests.length]).toEqual([[], 2]);
});
