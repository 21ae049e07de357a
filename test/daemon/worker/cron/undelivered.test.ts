/** What becomes of a job whose messages do not arrive. */
import { expect, test } from 'vitest';
import type { CronRunDocument } from '../../../../shared/api/cron.js';
import { type Fault, failure, type FakeTelegram, startFakeTelegram } from '../../../fakes/telegram/server.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { telegramConfig } from '../../../helpers/telegram-fixture.js';

const BLOCKED = failure(403, 'Forbidden: bot was blocked by the user');
const NAMED = { schedule: 'every 1h', name: 'report', message: 'Report', channel: 'telegram', chat_id: 42, notifyAfter: 2 } as const;
const alert = { alertChannel: 'webchat', alertChatId: 'me' };
const ALERT_KEY = 'main:webchat:default:direct:me';
const OWN_KEY = 'main:telegram:default:direct:42';

async function start(): Promise<{ fake: FakeTelegram; conversation: TestConversation }> {
  const fake = await startFakeTelegram();
  return { fake, conversation: await makeConversation({ config: telegramConfig(fake) }) };
}

/** Runs the job once more, until its message has that status. */
async function run({ cron }: TestConversation, jobId: string, status: string): Promise<void> {
  const { runId } = await cron.trigger(jobId);
  const found = async (): Promise<CronRunDocument | undefined> => (await cron.runs(jobId, {})).runs.find(({ id }) => id === runId);
  await expect.poll(async () => (await found())?.delivery?.status).toBe(status);
}

async function said({ sessions }: TestConversation, key: string): Promise<string[]> {
  return (await sessions.get(key)).messages.map(({ content }) => content);
}

const failed = async ({ cron }: TestConversation, id: string): Promise<unknown[]> =>
  (await cron.runs(id, { failed: true })).runs.map(({ state, delivery }) => [state, delivery?.status]);

const ENDS: readonly [status: string, fault: Fault, words: RegExp][] = [
  ['dead', BLOCKED, /^⚠️ The scheduled job “report” has failed 2 times in a row: its message was not delivered: .*blocked by the user/],
  ['unknown', 'drop', /^⚠️ The scheduled job “report” has failed 2 times in a row: it is unknown whether its message arrived: /],
];

test.each(ENDS)(
  'runs whose messages end as %s count as failures: the alert chat is told once, and nothing is run again',
  async (...end) => {
    const [status, fault, words] = end;
    const { fake, conversation } = await start();
    const job = await conversation.cron.create({ ...NAMED, ...alert });
    for (let count = 1; count <= 3; count += 1) {
      fake.fault('sendMessage', fault);
      await run(conversation, job.id, status);
    }
    expect(await said(conversation, ALERT_KEY)).toEqual([expect.stringMatching(words)]);
    expect(await failed(conversation, job.id)).toEqual(Array.from({ length: 3 }, () => ['done', status]));
  },
);

test('a message that arrives ends the row of failures', async () => {
  const { fake, conversation } = await start();
  const job = await conversation.cron.create({ ...NAMED, ...alert });
  const sendRefused = async (): Promise<void> => {
    fake.fault('sendMessage', BLOCKED);
    await run(conversation, job.id, 'dead');
  };
  await sendRefused();
  await run(conversation, job.id, 'delivered');
  await sendRefused();
  await expect(said(conversation, ALERT_KEY)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await sendRefused();
  expect(await said(conversation, ALERT_KEY)).toHaveLength(1);
  expect(await failed(conversation, job.id)).toHaveLength(3);
});

test('a message that is sent again, and refused again, counts once', async () => {
  const { fake, conversation } = await start();
  const job = await conversation.cron.create({ ...NAMED, ...alert });
  fake.fault('sendMessage', BLOCKED);
  await run(conversation, job.id, 'dead');
  const last = async () => (await conversation.cron.runs(job.id, {})).runs[0];
  const messageId = (await last())?.delivery?.message_id ?? '';
  fake.fault('sendMessage', BLOCKED);
  await conversation.outgoing.retry(messageId);
  await expect.poll(async () => (await conversation.outgoing.get(messageId)).status).toBe('dead');
  await expect(said(conversation, ALERT_KEY)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  expect((await last())?.error).toMatch(/^its message was not delivered: /);
  await conversation.outgoing.retry(messageId);
  await expect.poll(async () => (await last())?.error).toBeNull();
});

test('a chat that has refused the message is not told of it', async () => {
  const { fake, conversation } = await start();
  const job = await conversation.cron.create({ ...NAMED, notifyAfter: 1 });
  fake.fault('sendMessage', BLOCKED);
  await run(conversation, job.id, 'dead');
  expect(await said(conversation, OWN_KEY)).toEqual(['Report']);
});

test('a job whose chat is here has succeeded at once', async () => {
  const { conversation } = await start();
  const job = await conversation.cron.create({ ...NAMED, channel: 'webchat', chat_id: 'me', notifyAfter: 1 });
  await run(conversation, job.id, 'delivered');
  expect(await said(conversation, ALERT_KEY)).toEqual(['Report']);
  expect(await failed(conversation, job.id)).toEqual([]);
});

test.each([
  ['lowered', { notifyAfter: 4, ...alert }, { notifyAfter: 1 }],
  ['given a chat', { notifyAfter: 1 }, alert],
])('after many failures, a job whose notice is %s notifies of the next failure, once', async (_name, before, change) => {
  const { fake, conversation } = await start();
  const { cron } = conversation;
  const job = await cron.create({ ...NAMED, ...before });
  const sendRefused = async (): Promise<void> => {
    fake.fault('sendMessage', BLOCKED);
    await run(conversation, job.id, 'dead');
  };
  for (let count = 0; count < 2; count += 1) await sendRefused();
  expect((await conversation.sessions.list({ search: 'from:webchat' })).sessions).toEqual([]);
  expect(await cron.update(job.id, { message: 'Other' })).toMatchObject({ failures: 2 });
  expect(await cron.update(job.id, change)).toMatchObject({ failures: 0 });
  for (let count = 0; count < 2; count += 1) await sendRefused();
  expect(await said(conversation, ALERT_KEY)).toEqual([expect.stringContaining('has failed: its message was not delivered')]);
});
