import { expect, test } from 'vitest';
import { newRun } from '../../../helpers/cron-fixture.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { insertCronRun } from '../../../../daemon/worker/store/cron/cron-runs.js';
import type { CronRunDocument } from '../../../../shared/api/cron.js';
import { DAY_MS, isoTime } from '../../../../shared/clock.js';

const START = Date.parse('2026-01-01T08:00:00Z');
const chat = { channel: 'webchat', chat_id: 'me' };

/** Resolves when the job's newest run has ended. */
async function untilEnded({ cron }: TestConversation, id: string): Promise<CronRunDocument> {
  for (;;) {
    const [run] = (await cron.runs(id, {})).runs;
    if (run !== undefined && run.finishedAt !== null) return run;
    await new Promise(setImmediate);
  }
}

test('a message job that is triggered puts its message into the chat, with the run on record', async () => {
  const conversation = await makeConversation();
  const { cron } = conversation;
  const job = await cron.create({ schedule: '0 9 * * *', message: 'Stand up', timezone: 'Europe/Berlin', ...chat });
  expect(job).toMatchObject({ name: 'Stand up', enabled: true, timezone: 'Europe/Berlin', graceMs: 7_200_000 });
  await cron.trigger(job.id);
  expect(await untilEnded(conversation, job.id)).toMatchObject({
    state: 'done',
    trigger: 'manual',
    output: 'Stand up',
    delivery: { status: 'delivered' },
  });
  const { sessions } = await conversation.sessions.list({});
  expect((await conversation.sessions.get(sessions[0]?.key ?? '')).messages.map(({ content }) => content)).toEqual(['Stand up']);
});

test('a run whose message is not delivered says so with the reason, in the history and in the list', async () => {
  const config = { channels: { webhook: { accounts: { default: { url: 'http://127.0.0.1:9/' } } } } };
  const conversation = await makeConversation({ config });
  const { cron, outgoing } = conversation;
  const job = await cron.create({ schedule: '0 9 * * *', message: 'Stand up', channel: 'webhook', chat_id: 'me' });
  await cron.trigger(job.id);
  await untilEnded(conversation, job.id);
  await expect.poll(async () => (await outgoing.list({})).messages[0]?.status).toBe('retry_wait');
  const [message] = (await outgoing.list({})).messages;
  const waiting = { message_id: message?.id, status: 'retry_wait', error: expect.stringContaining('127.0.0.1') as string };
  expect((await cron.runs(job.id, {})).runs[0]).toMatchObject({ state: 'done', delivery: waiting });
  expect((await cron.list())[0]?.lastRun).toMatchObject({ state: 'done', delivery: waiting });
  await outgoing.drop(message?.id ?? '');
  expect((await cron.list())[0]?.lastRun?.delivery).toEqual({ message_id: message?.id, status: null, error: null });
});

test('an agent job answers in a session of its own, and the reply goes to the chat', async () => {
  const conversation = await makeConversation();
  const job = await conversation.cron.create({ schedule: 'every 1h', message: '/help', mode: 'agent', ...chat });
  await conversation.cron.trigger(job.id);
  const run = await untilEnded(conversation, job.id);
  expect(run).toMatchObject({ state: 'done', model: 'xopc/guide', delivery: { status: 'delivered' } });
  expect(run.output).toContain('/remind');
  const { messages } = await conversation.outgoing.list({});
  expect(messages.map(({ chat_id, content }) => ({ chat_id, content }))).toEqual([{ chat_id: 'me', content: run.output }]);
});

test('the chat is notified of repeated failures, and a permanent failure is not retried', async () => {
  const conversation = await makeConversation();
  const job = await conversation.cron.create({
    schedule: 'every 1h',
    message: 'x',
    mode: 'agent',
    agentId: 'main',
    notifyAfter: 1,
    ...chat,
  });
  conversation.setConfig({ agents: { default: 'other', list: [{ id: 'other' }] } });
  await conversation.cron.trigger(job.id);
  expect(await untilEnded(conversation, job.id)).toMatchObject({ state: 'failed', error: "there is no agent 'main'" });
  expect((await conversation.cron.runs(job.id, {})).runs).toHaveLength(1);
  expect((await conversation.outgoing.list({})).messages[0]?.content).toContain('“x” has failed: there is no agent');
});

test.each([
  [{ schedule: '99 * * * *', message: 'x', ...chat }, 'schedule'],
  [{ schedule: 'at 2020-01-01', message: 'x', ...chat }, 'schedule'],
  [{ schedule: '* * * * *', message: 'x', timezone: 'Nowhere', ...chat }, 'timezone'],
  [{ schedule: '* * * * *', message: 'x', channel: 'webchat' }, 'chat_id'],
  [{ schedule: '* * * * *', message: 'x' }, 'channel'],
  [{ schedule: '* * * * *', message: ' \n\u200b', ...chat }, 'message'],
  [{ schedule: '* * * * *', message: 'x', name: ' ', ...chat }, 'name'],
])('%j is refused, and the field %s is named', async (input, field) => {
  const { cron } = await makeConversation();
  await expect(cron.create(input)).rejects.toMatchObject({ code: 'INVALID_REQUEST', details: { field } });
  expect(await cron.list()).toEqual([]);
});

test('a changed schedule counts from now, a renamed job keeps its next time, and a deleted job is not found', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  clock.advance(600_000);
  expect((await cron.update(job.id, { name: 'y' })).nextRunAt).toBe('2026-01-01T09:00:00.000Z');
  expect((await cron.update(job.id, { schedule: 'every 2h' })).nextRunAt).toBe('2026-01-01T10:10:00.000Z');
  expect(await cron.toggle(job.id)).toMatchObject({ enabled: false, nextRunAt: null });
  clock.advance(6 * 3_600_000);
  expect(await cron.toggle(job.id)).toMatchObject({ enabled: true, nextRunAt: '2026-01-01T16:10:00.000Z' });
  await cron.delete(job.id);
  await expect(cron.delete(job.id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  await expect(cron.trigger(job.id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});

test('toggle sets the state that is given, however often, and a key is bound to it', async () => {
  const { cron } = await makeConversation({ isActive: false });
  const { id } = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  const states = [];
  for (const enabled of [true, false, false, undefined, undefined, true]) states.push((await cron.toggle(id, enabled)).enabled);
  expect(states).toEqual([true, false, false, true, false, true]);
  expect((await cron.toggle(id, false, { caller: { key: 'k' } })).enabled).toBe(false);
  await cron.toggle(id, true);
  expect((await cron.toggle(id, false, { caller: { key: 'k' } })).enabled).toBe(true);
  await expect(cron.toggle(id, true, { caller: { key: 'k' } })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('chat ids are answered as they were given, and sent to as text', async () => {
  const { cron, outgoing } = await makeConversation();
  const input = { schedule: '0 0 1 1 *', message: 'x', channel: 'webchat', alertChannel: 'webchat' };
  const job = await cron.create({ ...input, chat_id: 123, alertChatId: -4 });
  const ids = async (): Promise<unknown> => (await cron.list()).map(({ chat_id: id, alertChatId }) => [id, alertChatId]);
  expect([job.chat_id, job.alertChatId]).toEqual([123, -4]);
  await cron.update(job.id, { name: 'y', alertChatId: '-4' });
  expect(await ids()).toEqual([[123, '-4']]);
  await cron.trigger(job.id);
  await expect.poll(async () => (await outgoing.list({})).messages.map(({ chat_id: id }) => id)).toEqual(['123']);
  expect(await cron.listOfChat({ channel: 'webchat', accountId: 'default', chatId: '123' })).toHaveLength(1);
  await cron.update(job.id, { alertChannel: null, alertChatId: null, chat_id: '007' });
  expect(await ids()).toEqual([['007', null]]);
});

test('a deleted job comes back as it was: its id, its history, its next time counted from now; what waited of it does not', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  const { runId } = await cron.trigger(job.id);
  await expect(cron.restore(job.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await cron.delete(job.id)).toMatchObject({ job: { id: job.id }, restorableUntil: '2026-01-08T08:00:00.000Z' });
  expect(await cron.list()).toEqual([]);
  await expect(cron.runs(job.id, {})).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  clock.advance(150 * 60_000);
  expect(await cron.list({ deleted: true })).toMatchObject([{ id: job.id, restorableUntil: '2026-01-08T08:00:00.000Z', nextRunAt: null }]);
  expect(await cron.restore(job.id)).toMatchObject({ id: job.id, enabled: true, nextRunAt: '2026-01-01T11:00:00.000Z' });
  expect((await cron.runs(job.id, {})).runs).toMatchObject([
    { id: runId, state: 'skipped', error: 'the job was deleted', why: { code: 'run-job-deleted', values: {} } },
  ]);
  await cron.delete(job.id);
  clock.advance(7 * 86_400_000);
  expect(await cron.list({ deleted: true })).toEqual([]);
  await expect(cron.restore(job.id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});

test('what waits of a job that is changed or disabled is dropped; what a person asked for is not', async () => {
  const { cron } = await makeConversation({ clock: new FakeClock(START), isActive: false });
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  await cron.trigger(job.id);
  await cron.update(job.id, { schedule: 'every 2h' });
  await cron.toggle(job.id);
  expect((await cron.runs(job.id, {})).runs.map(({ state }) => state)).toEqual(['queued']);
});

test('an occurrence that a person retries is no longer of the schedule: it runs even if its job is changed or disabled', async () => {
  const { cron, home } = await makeConversation({ clock: new FakeClock(START), isActive: false });
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  const when = { scheduledAtMs: START - DAY_MS, dueAtMs: START - DAY_MS, finishedAtMs: START - DAY_MS };
  const failed = newRun({ jobId: job.id, trigger: 'schedule', state: 'failed', ...when });
  await (await openStore({ home })).write((tx) => insertCronRun(tx, failed));
  await cron.trigger(job.id, { runId: failed.id });
  await cron.update(job.id, { schedule: 'every 2h' });
  await cron.toggle(job.id);
  expect((await cron.runs(job.id, {})).runs[0]).toMatchObject({
    state: 'queued',
    trigger: 'manual',
    attempt: 2,
    scheduledAt: isoTime(when.dueAtMs),
  });
  await expect(cron.trigger(job.id, { runId: failed.id })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a job can be triggered ten times in a row, but not while scheduled jobs are disabled', async () => {
  const conversation = await makeConversation({ clock: new FakeClock(START), isActive: false });
  const { cron } = conversation;
  const job = await cron.create({ schedule: 'every 1h', message: 'x', ...chat });
  for (let count = 0; count < 10; count += 1) await cron.trigger(job.id);
  await expect(cron.trigger(job.id)).rejects.toMatchObject({ code: 'CONFLICT', message: '10 runs of this job are already waiting' });
  conversation.setConfig({ cron: { enabled: false } });
  await expect(cron.trigger(job.id)).rejects.toMatchObject({ code: 'CONFLICT', message: 'scheduled jobs are disabled' });
});
