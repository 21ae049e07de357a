import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation } from '../../../helpers/make-conversation.js';

const START = Date.parse('2026-01-01T08:00:00Z');
const chat = { channel: 'webchat', chat_id: 'me' };

test('null gives a field of a job its default, in a new job and in a changed one', async () => {
  const { cron } = await makeConversation({
    clock: new FakeClock(START),
    isActive: false,
    config: { cron: { defaultTimezone: 'Asia/Tokyo' } },
  });
  const given = {
    name: 'y',
    mode: 'agent',
    timezone: 'Europe/Berlin',
    graceMs: 1_000,
    timeoutMs: 90_500,
    retries: 0,
    notifyAfter: 0,
  } as const;
  const emptied = {
    name: null,
    mode: null,
    timezone: null,
    graceMs: null,
    timeoutMs: null,
    retries: null,
    notifyAfter: null,
    enabled: null,
  };
  const defaults = {
    name: 'x',
    mode: 'direct',
    timezone: 'Asia/Tokyo',
    graceMs: 7_200_000,
    timeoutMs: 600_000,
    retries: 3,
    notifyAfter: 3,
  };
  const job = await cron.create({ schedule: '0 9 * * *', message: 'x', ...given, ...chat });
  expect(job).toMatchObject(given);
  expect(await cron.update(job.id, emptied)).toMatchObject({ ...defaults, enabled: true, nextRunAt: '2026-01-02T00:00:00.000Z' });
  expect(await cron.create({ schedule: '0 9 * * *', message: 'x', ...emptied, ...chat })).toMatchObject(defaults);
});

test('a changed schedule keeps a chosen grace, and replaces that of the former schedule', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const chosen = await cron.create({ schedule: '0 9 * * *', message: 'x', graceMs: 1_000, ...chat });
  // From nine to ten is an hour, from ten to nine is a day.
  const given = await cron.create({ schedule: '0 9,10 * * *', timezone: 'UTC', message: 'x', ...chat });
  expect(given.graceMs).toBe(1_800_000);
  clock.advance(90 * 60_000);
  for (const change of [{ schedule: 'every 10m' }, { timezone: 'Asia/Tokyo' }]) {
    expect(await cron.update(chosen.id, change)).toMatchObject({ ...change, graceMs: 1_000 });
  }
  expect(await cron.update(given.id, { schedule: 'every 10m' })).toMatchObject({ graceMs: 300_000 });
  expect(await cron.update(chosen.id, { schedule: 'every 20m', graceMs: null })).toMatchObject({ graceMs: 600_000 });
});

test('a job whose time is past is not enabled again; it can be renamed, and given another time', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const job = await cron.create({ schedule: 'at 2026-01-01T09:00Z', message: 'x', enabled: false, ...chat });
  clock.advance(2 * 3_600_000);
  const refusal = { code: 'INVALID_REQUEST', details: { field: 'schedule', code: 'schedule-in-the-past' } };
  await expect(cron.update(job.id, { enabled: true })).rejects.toMatchObject(refusal);
  await expect(cron.toggle(job.id)).rejects.toMatchObject(refusal);
  expect(await cron.update(job.id, { name: 'y' })).toMatchObject({ name: 'y', enabled: false });
  const later = { enabled: true, schedule: 'at 2026-01-02T09:00Z' };
  expect(await cron.update(job.id, later)).toMatchObject({ ...later, nextRunAt: '2026-01-02T09:00:00.000Z' });
});

test('a job whose agent, account and model are gone can be disabled and renamed, but neither enabled nor aimed elsewhere', async () => {
  const webhook = { accounts: { ops: { url: 'http://127.0.0.1:9/' } } };
  const config = { agents: { list: [{ id: 'main' }, { id: 'writer' }] }, channels: { webhook } };
  const models = { providers: { up: { baseUrl: 'http://127.0.0.1:9/v1', models: [{ id: 'one' }] } } };
  const conversation = await makeConversation({ clock: new FakeClock(START), isActive: false, config, models });
  const { cron } = conversation;
  const target = { mode: 'agent', agentId: 'writer', model: 'up/one', channel: 'webhook', accountId: 'ops', chat_id: 'me' } as const;
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...target });
  conversation.setConfig({});
  conversation.setModels({});
  expect(await cron.update(job.id, { name: 'y', schedule: 'every 2h', ...target })).toMatchObject({ name: 'y', schedule: 'every 2h' });
  expect(await cron.toggle(job.id, false)).toMatchObject({ enabled: false });
  await expect(cron.toggle(job.id, true)).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
  await expect(cron.update(job.id, { accountId: null })).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
});
