import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { copyDatabase, prepareDatabase } from '../../../../../daemon/worker/lazy/database.js';
import { resolvePaths } from '../../../../../shared/node/process/paths.js';
import { says, type FakeCall } from '../../../../fakes/vendors/vendor-reply.js';
import { makeAskingAgent } from '../../../../helpers/asking-agent.js';
import { ask, type TestConversation } from '../../../../helpers/make-conversation.js';
import { tempDir } from '../../../../helpers/temp-dir.js';

const LONG = { timeout: 10_000 };
const send: FakeCall = { id: 's', name: 'send', input: { channel: 'webhook', chat_id: 'room', content: '1' } };
const asks = (text: string) => ({ ...says(text), calls: [send] });

const pathIn = (home: string): string => resolvePaths({ home, runtimeDir: home }).databasePath;

/** A gateway whose agent asks before it sends. */
async function makeWorld() {
  const { fake, models, chat, config, said } = await makeAskingAgent();
  const start = (instanceId: string, home: string, options: { isActive?: boolean } = {}) =>
    chat.start({ models, config, instanceId, home, ...options });
  /** Starts a gateway with what is restored from a backup of another one. */
  const restore = async (from: TestConversation, instanceId: string): Promise<TestConversation> => {
    const home = tempDir();
    const copy = join(home, 'copy.db');
    await copyDatabase(pathIn(from.home), copy);
    await from.close();
    mkdirSync(dirname(pathIn(home)), { recursive: true, mode: 0o700 });
    await prepareDatabase(copy, { to: pathIn(home), unsettled: 'unknown' });
    return start(instanceId, home);
  };
  return { fake, chat, said, start, first: await start('wk_1', tempDir()), restore };
}

const pending = async ({ approvals }: TestConversation): Promise<number> =>
  (await approvals.list({ state: 'pending' }, undefined)).approvals.length;

test('what waited for a decision when the backup was made is ended, not asked about or run again', async () => {
  const { fake, chat, said, first, restore } = await makeWorld();
  fake.reply(asks('Chat.'), asks('Direct.'), asks('Job.'), says('Next.'));
  await chat.say(first, 'go');
  await expect.poll(() => pending(first), LONG).toBe(1);
  await ask(first, { message: 'go' });
  const job = await first.cron.create({ schedule: 'every 1h', message: 'Report', mode: 'agent', channel: 'webhook', chat_id: 'chat' });
  await first.cron.trigger(job.id);
  await expect.poll(() => pending(first), LONG).toBe(3);
  const second = await restore(first, 'wk_2');
  expect(await pending(second)).toBe(0);
  expect((await second.cron.runs(job.id, {})).runs.map(({ state }) => state)).toEqual(['interrupted']);
  for (const [key, lines] of [
    ['main:api:default:direct:default', ['user: go', 'assistant: Direct.', expect.stringMatching(/^system: /)]],
    ['main:webhook:default:direct:chat', ['user: go', 'assistant: Chat.', expect.stringMatching(/^system: /)]],
    [`main:cron:default:direct:${job.id}`, ['user: Report', 'assistant: Job.', expect.stringMatching(/^system: /)]],
  ] as const) {
    expect(await said(second, key)).toEqual(lines);
  }
  // The chat does not wait behind it.
  await chat.say(second, 'next');
  await expect.poll(async () => (await said(second, 'main:webhook:default:direct:chat')).at(-1), LONG).toBe('assistant: Next.');
  expect(fake.requests).toHaveLength(4);
});

test('a message that waited behind it is kept in its session, and not answered', async () => {
  const { fake, chat, said, first, restore } = await makeWorld();
  fake.reply(asks('Chat.'), says('Next.'));
  await chat.say(first, 'go');
  await expect.poll(() => pending(first), LONG).toBe(1);
  await chat.say(first, 'second');
  const second = await restore(first, 'wk_2');
  await chat.say(second, 'next');
  const lines = () => said(second, 'main:webhook:default:direct:chat');
  await expect.poll(async () => (await lines()).at(-1), LONG).toBe('assistant: Next.');
  expect((await lines()).slice(-4, -1)).toEqual(['user: second', expect.stringMatching(/^system: Not answered: /), 'user: next']);
  expect(fake.requests).toHaveLength(2);
});

test('so is the first message of a chat, and one that the page sends again', async () => {
  const { fake, chat, said, start, restore } = await makeWorld();
  const first = await start('wk_0', tempDir(), { isActive: false });
  await chat.say(first, 'hi');
  const { session } = await first.sessions.create({});
  const call = { session: session.key, key: 'k', content: 'hello' };
  const { messageId } = await first.chat.send(call, undefined);
  const second = await restore(first, 'wk_2');
  const notice: unknown = expect.stringMatching(/^system: Not answered: /);
  await expect.poll(() => said(second, session.key), LONG).toEqual(['user: hello', notice]);
  await expect.poll(() => said(second, 'main:webhook:default:direct:chat').catch(() => []), LONG).toEqual(['user: hi', notice]);
  expect(await second.chat.send(call, undefined)).toEqual({ messageId, isRepeated: true });
  expect((await second.sessions.get(session.key)).messages[0]?.id).toBe(messageId);
  expect(fake.requests).toEqual([]);
  expect(chat.receiver.received).toEqual([]);
});

test('a background response that had not ended when the backup was made has failed', async () => {
  const { fake, first, restore } = await makeWorld();
  const caller = { session: undefined, idempotency: undefined, owner: null, viewer: undefined };
  fake.reply({ ...says('On', 'never'), gate: { before: 1, until: new Promise(() => undefined) } });
  const { id } = await first.responses.enqueue(
    await first.responses.prepare({ model: 'main', input: 'go', background: true }, caller),
    caller,
  );
  await expect.poll(() => fake.requests.length, LONG).toBe(1);
  const second = await restore(first, 'wk_2');
  await expect.poll(() => second.responses.get({ id, viewer: undefined }), LONG).toMatchObject({ status: 'failed' });
  expect(fake.requests).toHaveLength(1);
});
