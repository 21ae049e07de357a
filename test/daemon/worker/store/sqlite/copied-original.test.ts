import Database from 'libsql';
import { expect, test } from 'vitest';
import { endCopied } from '../../../../../daemon/worker/lazy/database.js';
import { resolvePaths } from '../../../../../shared/node/process/paths.js';
import { chatHistory, makeChat } from '../../../../helpers/chat-fixture.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { makeConversation } from '../../../../helpers/make-conversation.js';

const MINUTE_MS = 60_000;
const LONG = { timeout: 10_000 };

test('a database whose copy was used sends, answers and runs nothing of that when it is used again', async () => {
  const chat = await makeChat();
  const first = await chat.start({ isActive: false });
  await chat.say(first, 'hi');
  await first.messages.accept({ channel: 'webhook', chat_id: 'other', content: 'on its way' });
  const job = { message: 'Report', mode: 'direct', channel: 'webhook', chat_id: 'chat' } as const;
  const every = await first.cron.create({ ...job, schedule: 'every 1h' });
  const once = await first.cron.create({ ...job, schedule: `at ${new Date(Date.now() + 60 * MINUTE_MS).toISOString()}` });
  await first.close();
  const { databasePath: path } = resolvePaths({ home: first.home, runtimeDir: first.home });
  await endCopied({ path });
  const database = new Database(path);
  // Both were due a minute ago.
  const dueAtMs = Date.now() - MINUTE_MS;
  database.prepare('update cron_jobs set anchor_at = ? where id = ?').run(dueAtMs - 60 * MINUTE_MS, every.id);
  database.prepare('update cron_jobs set schedule = ? where id = ?').run(`at ${new Date(dueAtMs).toISOString()}`, once.id);
  database.close();
  const events: unknown[] = [];
  const second = await chat.start({ instanceId: 'wk_2', home: first.home, publish: (event) => void events.push(event) });
  await expect
    .poll(() => chatHistory(second).catch(() => []), LONG)
    .toEqual(['user complete: hi', expect.stringMatching(/^system error: Not answered: /)]);
  // An open page that does not show the chat lists it now.
  const change = { type: 'session', session: 'main:webhook:default:direct:chat', change: 'updated' };
  await expect.poll(() => events, LONG).toContainEqual(change);
  const planned = async () => (await second.cron.list()).map(({ id, nextRunAt }) => [id, nextRunAt]);
  await expect.poll(planned, LONG).toEqual(
    expect.arrayContaining([
      [every.id, new Date(dueAtMs + 60 * MINUTE_MS).toISOString()],
      [once.id, null],
    ]),
  );
  for (const { id } of [every, once]) expect((await second.cron.runs(id, {})).runs).toEqual([]);
  expect((await second.outgoing.list({})).messages.map(({ status }) => status)).toEqual(['unknown']);
  expect([chat.receiver.received, chat.model.requests]).toEqual([[], []]);
});

test('its jobs are planned again even with cron.enabled: false, and have no next run until then', async () => {
  const clock = new FakeClock(Date.parse('2026-03-28T12:00:30Z'));
  const first = await makeConversation({ clock, isActive: false });
  const job = { message: 'Report', channel: 'webchat', chat_id: 'me' } as const;
  const { id } = await first.cron.create({ ...job, schedule: 'every 1h' });
  await first.cron.create({ ...job, schedule: 'at 2026-03-28T13:00', timezone: 'UTC' });
  await first.close();
  await endCopied({ path: resolvePaths({ home: first.home, runtimeDir: first.home }).databasePath });
  clock.advance(90 * MINUTE_MS);
  const config = { cron: { enabled: false } };
  const { cron, activate } = await makeConversation({ clock, config, isActive: false, home: first.home });
  const next = '2026-03-28T14:00:30.000Z';
  const planned = async () => (await cron.list()).map(({ nextRunAt }) => nextRunAt);
  expect(await planned()).toEqual([null, null]);
  expect((await cron.plan(1)).jobs).toEqual([]);
  await activate();
  expect(await planned()).toEqual([next, null]);
  expect((await cron.plan(1)).jobs).toMatchObject([{ id, runs: [next] }]);
  expect((await cron.runs(id, {})).runs).toEqual([]);
  expect((await cron.preview({ job_id: id, count: 1 })).runs).toMatchObject([{ at: next }]);
});
