/** Jobs whose turns ask a person: where the question goes, and who answers it there. */
import { expect, onTestFinished, test } from 'vitest';
import { callsTools, says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { fakeModels, makeConversation } from '../../../helpers/make-conversation.js';

async function start(channels: object = {}) {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  const defaults = { model: 'fake/one', permissions: { time: 'ask' } };
  const conversation = await makeConversation({ models: fakeModels(fake.baseUrl), config: { agents: { defaults }, channels } });
  fake.reply(callsTools({ name: 'time', input: {} }), says('It is late.'));
  return conversation;
}

const job = { schedule: 'every 1h', message: 'Report', mode: 'agent' } as const;

test('the question of a job without an account goes to the only account of its channel, whatever its name', async () => {
  const receiver = await startWebhookReceiver();
  onTestFinished(() => receiver.close());
  const personal = { url: receiver.url, inboundToken: 'a-token-of-sixteen' };
  const { cron, approvals } = await start({ webhook: { accounts: { personal } } });
  await cron.trigger((await cron.create({ ...job, channel: 'webhook', chat_id: 'room' })).id);
  await expect.poll(() => receiver.received.length).toBe(1);
  const [asked] = (await approvals.list({ state: 'pending' }, undefined)).approvals;
  expect(receiver.received[0]?.content).toMatch(new RegExp(`^\\*\\*Approval ${asked?.id}\\*\\*: .* the tool \`time\``));
});

test('/approvals lists the question of a job in the chat that it reports to, and only there', async () => {
  const { cron, messages, approvals } = await start();
  const decider = { via: 'api', name: 'ci' };
  await cron.trigger((await cron.create({ ...job, channel: 'webchat', chat_id: 'desk' })).id);
  const say = async (chatId: string, content: string): Promise<string> => {
    const signal = new AbortController().signal;
    return (await messages.sync({ channel: 'webchat', chat_id: chatId, content }, { deliver: false, signal, decider })).reply;
  };
  await expect.poll(() => say('desk', '/approvals')).toMatch(/^1: `time`, until /);
  expect(await say('hall', '/approvals')).toBe('Nothing waits for a decision here.');
  expect(await say('desk', '/deny 1 no')).toBe('Denied: 1 (`time`).');
  // By the program that acted as the chat.
  expect(await approvals.get(1, undefined)).toMatchObject({ decidedBy: decider });
  expect(await say('desk', '/approvals')).toBe('Nothing waits for a decision here.');
});

test('a turn that waits for a decision goes on as a turn, although its job has been changed to a message', async () => {
  const { cron, approvals, sessions } = await start();
  const { id } = await cron.create({ ...job, channel: 'webchat', chat_id: 'desk' });
  await cron.trigger(id);
  await expect.poll(async () => (await approvals.list({ state: 'pending' }, undefined)).approvals.length).toBe(1);
  await cron.update(id, { mode: 'direct' });
  await approvals.decide({ id: 1, decision: 'approve', by: { via: 'api', name: null } }, undefined);
  await expect.poll(async () => (await cron.runs(id, {})).runs[0]?.state).toBe('done');
  expect((await cron.runs(id, {})).runs).toMatchObject([{ state: 'done', output: 'It is late.' }]);
  expect((await sessions.get('main:webchat:default:direct:desk')).messages.map(({ content }) => content)).toEqual(['It is late.']);
});

test('a run that waits behind one with a question begins once that one is stopped', async () => {
  const { cron, approvals, chat } = await start();
  const { id } = await cron.create({ ...job, channel: 'webchat', chat_id: 'desk' });
  const states = async () => (await cron.runs(id, {})).runs.map(({ state, startedAt }) => [state, startedAt !== null]);
  await cron.trigger(id);
  await expect.poll(async () => (await approvals.list({ state: 'pending' }, undefined)).approvals.length).toBe(1);
  await cron.trigger(id);
  await chat.stop(`main:cron:default:direct:${id}`);
  await expect.poll(states).toEqual([
    ['done', true],
    ['failed', true],
  ]);
});
