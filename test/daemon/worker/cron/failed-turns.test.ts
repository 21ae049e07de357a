/** Turns of jobs that fail: which are run again, and what their chats get. */
import { expect, onTestFinished, test } from 'vitest';
import type { CronRunDocument } from '../../../../shared/api/cron.js';
import { says, type Reply, unauthorized } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { startFakeTelegram } from '../../../fakes/telegram/server.js';
import { fakeModels, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { telegramConfig } from '../../../helpers/telegram-fixture.js';

const turn = { schedule: '0 0 1 1 *', message: 'Report', mode: 'agent', channel: 'webchat', chat_id: 'me' } as const;
const CHAT_KEY = 'main:webchat:default:direct:me';

interface Given {
  readonly job?: object;
  readonly agents?: object;
  readonly channels?: object;
  /** What a person does once the model has been asked, with the session of the turn. */
  readonly meanwhile?: (conversation: TestConversation, session: string) => Promise<unknown>;
}

/** Runs a job with these answers of the model until its first run has ended. */
async function runJob(replies: readonly Reply[], { job = {}, agents = {}, channels = {}, meanwhile }: Given = {}) {
  const fake = await startFakeOpenAi();
  onTestFinished(() => fake.close());
  const webhook = { accounts: { default: { url: 'http://127.0.0.1:9/', inboundToken: 'a-token-of-sixteen' } } };
  const config = { agents: { defaults: { model: 'fake/one', ...agents } }, channels: { webhook, ...channels } };
  const conversation = await makeConversation({ models: fakeModels(fake.baseUrl), config, random: () => 0 });
  const { cron, sessions, outgoing } = conversation;
  fake.reply(...replies);
  const { id } = await cron.create({ ...turn, ...job });
  await cron.trigger(id);
  const runs = async (): Promise<CronRunDocument[]> => (await cron.runs(id, {})).runs;
  if (meanwhile !== undefined) {
    await fake.received(1);
    await meanwhile(conversation, (await runs())[0]?.session ?? '');
  }
  await expect.poll(async () => (await runs()).at(-1)?.finishedAt ?? null).not.toBe(null);
  const textsOf = async (key: string) => (await sessions.get(key)).messages.map(({ content }) => content);
  return { runs: await runs(), textsOf, outgoing };
}

const calls = (name: string, input: object): Reply => ({ ...says('x'), calls: [{ name, input }] });

test('a turn that fails after a tool with effects is not run again, and its chat is told at once', async () => {
  const invitation = { channel: 'webhook', chat_id: 'ann', content: 'Tea?' };
  const { runs, textsOf, outgoing } = await runJob([calls('send', invitation), says('')]);
  const cause = 'fake returned an empty response. Try again, or choose another model.';
  const error = `not retried, because tools of the turn may have had effects: ${cause}`;
  expect(runs).toMatchObject([
    { state: 'failed', error, why: { code: 'run-not-retried', values: { cause: { code: 'model-empty-response' } } } },
  ]);
  expect((await outgoing.list({ channel: 'webhook' })).messages.map(({ content }) => content)).toEqual(['Tea?']);
  expect(await textsOf(CHAT_KEY)).toEqual([`⚠️ The scheduled job “Report” has failed: ${error}`]);
});

test('a turn that fails after a tool without effects is run again', async () => {
  const { runs } = await runJob([calls('time', {}), says('')]);
  expect(runs).toMatchObject([
    { state: 'queued', attempt: 2 },
    { state: 'failed', attempt: 1 },
  ]);
});

test.each([
  ['the provider refuses the key', [unauthorized()], {}],
  ['its models are refused and missing', [unauthorized()], { model: { primary: 'fake/one', fallbacks: ['gone/x'] } }],
  ['it only calls tools', [calls('time', {}), calls('time', {})], { maxToolIterations: 1 }],
])('a turn is not run again if %s, and its chat is told at once', async (_why, replies, agents) => {
  const { runs, textsOf } = await runJob(replies, { agents });
  expect(runs).toMatchObject([{ state: 'failed', attempt: 1 }]);
  expect(await textsOf(CHAT_KEY)).toEqual([`⚠️ The scheduled job “Report” has failed: ${runs[0]?.error}`]);
});

test.each([
  ['stopped', ({ chat }: TestConversation, session: string) => chat.stop(session)],
  ['deleted with its session', ({ sessions }: TestConversation, session: string) => sessions.delete(session)],
])('the chat of a job gets no message when its turn is %s by a person', async (_how, meanwhile) => {
  const held: Reply = { ...says('never'), gate: { before: 0, until: new Promise(() => undefined) } };
  const { runs, textsOf } = await runJob([held], { meanwhile, job: { alertChannel: 'webchat', alertChatId: 'ops' } });
  expect(runs).toMatchObject([{ state: 'failed', attempt: 1 }]);
  await expect(textsOf('main:webchat:default:direct:ops')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('a turn is run again if only the first of its models fails for a lasting reason', async () => {
  const { runs } = await runJob([unauthorized(), says('')], { agents: { model: { primary: 'fake/one', fallbacks: ['fake/two'] } } });
  expect(runs).toMatchObject([{ state: 'queued' }, { state: 'failed', why: { code: 'with-fallback' } }]);
});

test.each(['isolated', 'main'])(
  'an answer in the session %s that its channel cannot send is kept, and its chat is told where',
  async (session) => {
    const channels = telegramConfig(await startFakeTelegram())['channels'] as object;
    const answer = 'x'.repeat(300_000);
    const job = { channel: 'telegram', chat_id: 42, session };
    const { runs, textsOf, outgoing } = await runJob([says(answer)], { channels, job });
    expect(runs).toMatchObject([{ state: 'done', attempt: 1 }]);
    const key = runs[0]?.session ?? '';
    expect(await textsOf(key)).toEqual(['Report', answer]);
    const notice = `The answer cannot be shown here. See it with: xopc sessions show ${key}`;
    expect((await outgoing.list({})).messages.map(({ content }) => content)).toEqual([notice]);
  },
);
