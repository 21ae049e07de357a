/** What people do with jobs beside making them: look ahead, try again, be told elsewhere. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { cronListResponse, cronPlanResponse } from '../../../../shared/api/cron.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';

const START = Date.parse('2026-03-28T12:00:30Z');
const chat = { channel: 'webchat', chat_id: 'me' };

test('the plan has the runs of every job that comes in the next hours, through a change of the clocks, and counts no further', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const berlin = { timezone: 'Europe/Berlin', ...chat };
  const nightly = await cron.create({ schedule: '30 2 * * *', message: 'night', ...berlin });
  const often = await cron.create({ schedule: '*/10 * * * *', message: 'often', ...chat });
  const off = await cron.create({ schedule: '0 * * * *', message: 'off', enabled: false, ...chat });
  await cron.create({ schedule: '0 0 1 6 *', message: 'in June', ...chat });
  const plan = await cron.plan();
  expect(cronPlanResponse().parse({ status: 'ok', ...plan }).until).toBe('2026-03-29T12:00:30.000Z');
  expect(plan.jobs.map(({ id, runs, isMore }) => [id, runs.length, isMore])).toEqual([
    [often.id, 50, true],
    // 02:30 does not exist that night: right behind the gap.
    [nightly.id, 1, false],
  ]);
  expect(plan.jobs[1]?.runs).toEqual(['2026-03-29T01:00:00.000Z']);
  expect(plan.jobs.some(({ id }) => id === off.id)).toBe(false);
  expect((await cron.plan(1)).jobs.map(({ runs }) => runs.length)).toEqual([6]);
});

test('the next times of a job are counted as the job counts them, from its next run; the list has its schedule in words', async () => {
  const clock = new FakeClock(START);
  const { cron } = await makeConversation({ clock, isActive: false });
  const job = await cron.create({ schedule: 'every 45m', timezone: 'Europe/Berlin', message: 'x', ...chat });
  clock.advance(600_000);
  const { runs, words } = await cron.preview({ job_id: job.id, count: 2 });
  expect(runs.map(({ at }) => at)).toEqual([job.nextRunAt, '2026-03-28T13:30:30.000Z']);
  expect(runs[0]?.local).toBe('2026-03-28T13:45:30+01:00');
  const same = { job_id: job.id, schedule: job.schedule, timezone: job.timezone, count: 2 };
  expect((await cron.preview(same)).runs).toEqual(runs);
  // Another schedule counts from now, as it would once it is saved.
  expect((await cron.preview({ ...same, schedule: 'every 50m' })).runs[0]?.at).toBe('2026-03-28T13:00:30.000Z');
  await expect(cron.preview({ job_id: 'job_none' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  expect((await cron.list({ include: ['words'] })).map((listed) => listed.words)).toEqual([words]);
  expect((await cron.list())[0]).not.toHaveProperty('words');
});

test('the list has the last runs of each job and its schedule in words, where they are asked for', async () => {
  const { cron } = await makeConversation({ config: { agents: { list: [{ id: 'main', model: 'xopc/guide' }] } } });
  const agent = { mode: 'agent', agentId: 'main', message: 'x' } as const;
  const one = await cron.create({ ...agent, schedule: '0 9 * * 1-5' });
  const two = await cron.create({ schedule: 'every 2h', message: 'hello', ...chat });
  const runIds: string[] = [];
  for (const { id } of [one, one, two]) {
    const { runId } = await cron.trigger(id);
    runIds.push(runId);
    await expect.poll(async () => (await cron.runs(id, {})).runs[0]?.state).toBe('done');
  }
  const jobs = await cron.list({ include: ['runs', 'words'] });
  expect(cronListResponse().parse({ status: 'ok', jobs, plan: await cron.plan() }).jobs).toEqual(jobs);
  const found = new Map(jobs.map((job) => [job.id, job]));
  expect(found.get(one.id)?.runs?.map(({ id }) => id)).toEqual([runIds[1], runIds[0]]);
  const [sent] = (await cron.runs(two.id, {})).runs;
  const { id, scheduledAt, state, durationMs, delivery } = sent ?? {};
  expect(found.get(two.id)?.runs).toEqual([{ id, scheduledAt, state, durationMs, delivery }]);
  expect(found.get(one.id)?.words?.en).toBe('At 09:00, Monday through Friday');
  expect((await cron.list())[0]).not.toHaveProperty('runs');
});

async function fail(conversation: TestConversation, jobId: string): Promise<void> {
  await conversation.cron.trigger(jobId);
  await expect.poll(async () => (await conversation.cron.runs(jobId, {})).runs[0]?.finishedAt).toEqual(expect.any(String));
}

test('a run that failed is tried once more as the next attempt at the same, and only once', async () => {
  const conversation = await makeConversation({ config: { agents: { list: [{ id: 'main', model: 'xopc/guide' }] } } });
  const { cron } = conversation;
  const job = await cron.create({ schedule: '0 0 1 1 *', message: 'x', mode: 'agent', agentId: 'main', retries: 0 });
  conversation.setConfig({ agents: { list: [{ id: 'other' }], default: 'other' } });
  await fail(conversation, job.id);
  const [failed] = (await cron.runs(job.id, { failed: true })).runs;
  expect(failed).toMatchObject({ state: 'failed', attempt: 1 });
  conversation.setConfig({ agents: { list: [{ id: 'main', model: 'xopc/guide' }] } });
  const { runId } = await cron.trigger(job.id, { runId: failed?.id });
  await expect.poll(async () => (await cron.runs(job.id, {})).runs[0]?.state).toBe('done');
  const [again] = (await cron.runs(job.id, {})).runs;
  expect(again).toMatchObject({ id: runId, attempt: 2, trigger: 'manual', scheduledAt: failed?.scheduledAt });
  await expect(cron.trigger(job.id, { runId: failed?.id })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: 'this run was already retried',
  });
  await expect(cron.trigger(job.id, { runId })).rejects.toMatchObject({ code: 'CONFLICT', message: 'this run has succeeded' });
  await expect(cron.trigger(job.id, { runId: 'run_none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await cron.runs(job.id, { failed: true })).runs).toHaveLength(1);
});

test('failures are reported in the alert chat, also those of a job without a chat of its own', async () => {
  const conversation = await makeConversation({ config: { agents: { list: [{ id: 'main', model: 'xopc/guide' }] } } });
  const { cron } = conversation;
  const alert = { alertChannel: 'webchat', alertChatId: 'ops' };
  const job = await cron.create({
    name: 'Sync',
    schedule: '0 0 1 1 *',
    message: 'x',
    mode: 'agent',
    agentId: 'main',
    notifyAfter: 1,
    ...alert,
  });
  expect(job).toMatchObject({ ...alert, channel: null });
  conversation.setConfig({ agents: { list: [{ id: 'other' }], default: 'other' } });
  await fail(conversation, job.id);
  const told = await conversation.sessions.list({});
  expect(told.sessions.map(({ key }) => key)).toEqual([expect.stringContaining(':ops')]);
  await expect(cron.update(job.id, { alertChatId: null })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { field: 'alertChatId' },
  });
  await expect(cron.update(job.id, { alertChannel: 'pigeon' })).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
});

/** Runs `work`. @returns the most reads of a clock of a zone, which is what costs, between two turns of the event loop; and all of them */
async function readsOf(work: () => Promise<unknown>): Promise<{ most: number; all: number }> {
  const reads = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
  const { length: start } = reads.mock.calls;
  let isOver = false;
  const finished = work().finally(() => (isOver = true));
  let [most, before] = [0, start];
  for (;;) {
    await nextTurn();
    const { length } = reads.mock.calls;
    [most, before] = [Math.max(most, length - before), length];
    if (isOver) break;
  }
  await finished;
  return { most, all: before - start };
}

/** A few looks at a schedule: each reads it some twenty times. */
const MOST = 300;

test('however much is asked of the preview and the plan, other work runs between', async () => {
  const { cron } = await makeConversation({ clock: new FakeClock(START), isActive: false });
  const never = { schedule: '* * 9-23 * * *', timezone: 'Europe/Berlin', active: '08:00-08:01', days: 'sun', count: 100 };
  const { most } = await readsOf(() => Promise.all(Array.from({ length: 5 }, () => cron.preview(never))));
  expect(most).toBeLessThan(MOST);
  expect(await cron.preview(never)).toMatchObject({ runs: [], warningCode: 'never-active' });
  // In its hours once a year, because clocks change: tomorrow.
  const yearly = { schedule: '30 2 * * *', timezone: 'Europe/Berlin', activeHours: { from: '03:00', to: '03:10' }, ...chat };
  for (let count = 0; count < 5; count += 1) await cron.create({ ...yearly, message: String(count) });
  const planned = await readsOf(() => Promise.all(Array.from({ length: 5 }, () => cron.plan(168))));
  expect((await cron.plan(168)).jobs.map(({ runs, isMore }) => [runs.length, isMore])).toEqual(Array(5).fill([1, false]));
  expect(planned.most).toBeLessThan(MOST);
});

test('a preview ends where a schedule is in its hours too rarely: once a year, because clocks change', async () => {
  const { cron } = await makeConversation({ clock: new FakeClock(START), isActive: false });
  const yearly = { schedule: '30 2 * * *', timezone: 'Europe/Berlin', active: '03:00-03:10' };
  expect((await cron.preview({ ...yearly, count: 1 })).runs).toMatchObject([{ at: '2026-03-29T01:00:00.000Z', note: 'gap' }]);
  let found = 0;
  const { all } = await readsOf(async () => (found = (await cron.preview({ ...yearly, count: 100 })).runs.length));
  expect(found).toBe(3);
  expect(all).toBeLessThan(30_000);
});
