/** Two gateways on one database with different agents and accounts: each leaves to the other what only that one can do. */
import { expect, test } from 'vitest';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { makeChat } from '../../../helpers/chat-fixture.js';
import { eventually } from '../../../helpers/eventually.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { query, shareDatabase } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const states = async (gateway: TestConversation, id: string): Promise<string[]> =>
  (await gateway.cron.runs(id, { limit: 10 })).runs.map(({ state }) => state);

test('a job or a message is left to the gateway that has its agent and account, and fails where none has', async () => {
  const receiver = await startWebhookReceiver();
  const [home, otherHome] = [tempDir(), tempDir()];
  const url = await shareDatabase(home, otherHome);
  const agents = { list: [{ id: 'main' }, { id: 'writer' }] };
  const channels = { webhook: { accounts: { default: { url: receiver.url, agentId: 'writer' } } } };
  const without = await makeConversation({ home, instanceId: 'wk_without', liveInstanceIds: () => ['wk_without'] });
  const withAll = { instanceId: 'wk_with', liveInstanceIds: () => ['wk_with'], config: { agents, channels } };
  const other = await makeConversation({ ...withAll, home: otherHome, isActive: false });
  const chat = { channel: 'webhook', chat_id: 'chat' };
  const direct = await other.cron.create({ ...chat, mode: 'direct', schedule: 'every 1h', message: 'note' });
  const turn = await other.cron.create({ mode: 'agent', agentId: 'writer', schedule: 'every 1h', message: 'write' });
  for (const { id } of [direct, turn]) await other.cron.trigger(id);
  // A job that the first can run shows that it has looked.
  const own = await without.cron.create({ mode: 'agent', schedule: 'every 1h', message: 'own' });
  await without.cron.trigger(own.id);
  await eventually(async () => expect(await states(without, own.id)).toEqual(['done']));
  expect([await states(other, direct.id), await states(other, turn.id)]).toEqual([['queued'], ['queued']]);

  await other.activate();
  await eventually(async () => expect([await states(other, direct.id), await states(other, turn.id)]).toEqual([['done'], ['done']]));
  await receiver.until((received) => received.length === 1);

  await query(url, `update cron_jobs set agent_id = 'nobody' where id = '${turn.id}'`);
  await without.cron.trigger(turn.id);
  await eventually(async () => expect((await states(without, turn.id))[0]).toBe('failed'));
});

test('a message is answered by the gateway that has its account and agent', async () => {
  const { start, say, told } = await makeChat();
  const [home, otherHome] = [tempDir(), tempDir()];
  await shareDatabase(home, otherHome);
  const without = await start({ home, instanceId: 'wk_without', config: {} });
  const having = await start({ home: otherHome, instanceId: 'wk_having' });
  await say(without, 'hello');
  await told(1);
  const ended = ({ message }: { message: string }): boolean => message === 'a turn has ended';
  // The answer may be delivered before that is logged.
  await eventually(() => expect(having.log.entries.filter(ended)).toHaveLength(1));
  expect(without.log.entries.filter(ended)).toEqual([]);
});

test('a response in the background is left to the gateway that has its agent, and fails where none has', async () => {
  const [home, otherHome] = [tempDir(), tempDir()];
  await shareDatabase(home, otherHome);
  const caller = { session: undefined, idempotency: undefined, owner: null, viewer: undefined };
  const enqueue = async ({ responses }: TestConversation, model: string): Promise<string> =>
    (await responses.enqueue(await responses.prepare({ model, input: 'hi', background: true }, caller), caller)).id;
  const without = await makeConversation({ home, instanceId: 'wk_without', liveInstanceIds: () => ['wk_without'] });
  const statusOf = async (id: string): Promise<string> => (await without.responses.get({ id, viewer: undefined })).status;
  const config = { agents: { list: [{ id: 'main' }, { id: 'writer' }] } };
  const withAll = { home: otherHome, instanceId: 'wk_with', liveInstanceIds: () => ['wk_with'], config };
  const other = await makeConversation({ ...withAll, isActive: false });
  const written = await enqueue(other, 'writer');
  // One that the first can write shows that it has looked.
  const own = await enqueue(without, 'main');
  await eventually(async () => expect(await statusOf(own)).toBe('completed'));
  expect(await statusOf(written)).toBe('queued');
  await other.activate();
  await eventually(async () => expect(await statusOf(written)).toBe('completed'));

  await other.quiesce();
  const lost = await enqueue(other, 'writer');
  await other.close();
  await eventually(async () => expect(await statusOf(lost)).toBe('failed'));
});
