/** What is kept of jobs and their runs, and what a start makes of what it finds. */
import { expect, test } from 'vitest';
import { purgeJobs } from '../../../../daemon/worker/cron/create-cron.js';
import { nextAttempt } from '../../../../daemon/worker/cron/policy.js';
import { findCronJob, updateCronJob } from '../../../../daemon/worker/store/cron/cron-jobs.js';
import { insertCronRun } from '../../../../daemon/worker/store/cron/cron-runs.js';
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import { makeCron, newRun } from '../../../helpers/cron-fixture.js';
import { testConfig } from '../../../helpers/test-config.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const at = (text: string): number => Date.parse(text);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

test('of each job the last 500 runs are kept', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T00:00:30Z') });
  await cron.start();
  await cron.addJob('job', { schedule: '* * * * *' });
  await cron.addJob('other', { schedule: '0 0 1 1 *' });
  const old = (jobId: string, minute: number) =>
    newRun({
      jobId: jobId,
      trigger: 'schedule',
      scheduledAtMs: at('2025-12-31T00:00:00Z') + minute * MINUTE,
      dueAtMs: 0,
      state: 'done',
      finishedAtMs: at('2025-12-31T12:00:00Z'),
    });
  await cron.store.write(async (tx) => {
    await insertCronRun(tx, old('other', 0));
    for (let minute = 0; minute < 503; minute += 1) await insertCronRun(tx, old('job', minute));
  });
  await cron.pass(MINUTE, MINUTE);
  const { count } = await cron.store.read((tx) =>
    queriesOf(tx)
      .selectFrom('cron_runs')
      .select(queriesOf(tx).fn.countAll<number>().as('count'))
      .where('job_id', '=', 'job')
      .executeTakeFirstOrThrow(),
  );
  expect(count).toBe(500);
  expect((await cron.runs('job'))[0]).toMatchObject({ scheduledAtMs: at('2026-01-01T00:01:00Z') });
  expect(await cron.runs('other')).toHaveLength(1);
});

test('runs are purged after the configured days, with jobs that fire no more', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T00:00:00Z') });
  await cron.start();
  await cron.addJob('once', { schedule: 'at 2026-01-02T00:00:00Z' });
  await cron.addJob('monthly', { schedule: '0 0 2 * *' });
  await cron.pass(DAY, DAY);
  const announced: GatewayEvent[] = [];
  const options = { store: cron.store, config: () => testConfig(), publish: (event: GatewayEvent) => void announced.push(event) };
  const purge = (steps = Infinity) => {
    let asked = 0;
    return purgeJobs(options, { nowMs: cron.clock.now(), mayGoOn: () => (asked += 1) <= steps });
  };
  await cron.pass(29 * DAY, DAY);
  await purge();
  expect((await cron.runs('once')).map(({ state }) => state)).toEqual(['done']);
  await cron.pass(2 * DAY, DAY);
  // Asked before each step: the run is removed by the first, and the job by the last.
  await purge(3);
  expect(await cron.runs('once')).toEqual([]);
  expect(await cron.store.read((tx) => findCronJob(tx, 'once'))).toBeDefined();
  await purge();
  expect(await cron.store.read((tx) => findCronJob(tx, 'once'))).toBeUndefined();
  expect(announced).toMatchObject([{ job_id: 'once', change: 'deleted' }]);
  expect((await cron.runs('monthly')).map((run) => new Date(run.scheduledAtMs).toISOString().slice(0, 10))).toEqual(['2026-02-02']);
});

test('a start plans jobs again only when the clock was set back while the gateway was down', async () => {
  const first = await makeCron({ nowMs: at('2026-01-01T12:00:30Z') });
  await first.start();
  await first.addJob('hourly', { schedule: '0 * * * *' });
  await first.pass(60 * MINUTE, 10 * MINUTE);
  await first.scheduler.stop();
  const nextOf = async (): Promise<string> =>
    new Date((await first.store.read((tx) => findCronJob(tx, 'hourly')))?.nextAtMs ?? 0).toISOString();
  expect(await nextOf()).toBe('2026-01-01T14:00:00.000Z');
  const second = await makeCron({ store: first.store, clock: first.clock, instanceId: 'wk_2' });
  await second.start();
  expect(await nextOf()).toBe('2026-01-01T14:00:00.000Z');
  await second.scheduler.stop();
  first.clock.jump(-180 * MINUTE);
  const third = await makeCron({ store: first.store, clock: first.clock, instanceId: 'wk_3' });
  await third.start();
  expect(await nextOf()).toBe('2026-01-01T11:00:00.000Z');
  await third.pass(240 * MINUTE, 10 * MINUTE);
  expect(third.began.map((text) => text.slice(18, 20))).toEqual(['11', '12', '14']);
});

test.each(['while the gateway runs', 'while it is down'])(
  'a job that was made while the clock was days ahead runs on when that is corrected %s',
  async (when) => {
    const ahead = await makeCron({ nowMs: at('2026-01-03T12:00:00Z') });
    await ahead.start();
    await ahead.addJob('often', { schedule: 'every 10m' });
    await ahead.pass(20 * MINUTE, MINUTE);
    if (when === 'while it is down') await ahead.scheduler.stop();
    ahead.clock.jump(-2 * DAY);
    const cron = when === 'while it is down' ? await makeCron({ store: ahead.store, clock: ahead.clock, instanceId: 'wk_2' }) : ahead;
    if (cron !== ahead) await cron.start();
    await cron.settle();
    await cron.pass(30 * MINUTE, MINUTE);
    const times = (await cron.runs('often')).map(({ scheduledAtMs }) => new Date(scheduledAtMs).toISOString().slice(8, 16));
    expect(times.toSorted()).toEqual(['01T12:30', '01T12:40', '01T12:50', '03T12:10', '03T12:20']);
  },
);

test('an occurrence that a wrong clock made too late comes at its time once the clock is corrected', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T12:00:00Z') });
  await cron.start();
  await cron.addJob('once', { schedule: 'at 2026-01-01T13:00:00Z' });
  await cron.addJob('daily', { schedule: '0 13 * * *' });
  cron.clock.jump(2 * DAY);
  await cron.settle();
  expect([...(await cron.runs('once')), ...(await cron.runs('daily'))].map(({ state }) => state)).toEqual(['missed', 'missed']);
  cron.clock.jump(-2 * DAY);
  await cron.settle();
  await cron.pass(26 * 60 * MINUTE, 60 * MINUTE);
  expect(cron.began.toSorted()).toEqual(
    ['daily 2026-01-01T13', 'daily 2026-01-02T13', 'once 2026-01-01T13'].map((text) => `${text}:00:00.000Z`),
  );
});

test('an occurrence that a person has requested again because a wrong clock made it too late runs once', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T12:00:00Z') });
  await cron.start();
  await cron.addJob('daily', { schedule: '0 13 * * *' });
  cron.clock.jump(2 * 60 * MINUTE);
  await cron.settle();
  const [missed] = await cron.runs('daily');
  if (missed?.state !== 'missed') throw new Error('it ran');
  await cron.store.write((tx) => insertCronRun(tx, { ...nextAttempt(missed, cron.clock.now()), trigger: 'manual' }));
  await cron.settle();
  cron.clock.jump(-2 * 60 * MINUTE);
  await cron.settle();
  await cron.pass(120 * MINUTE, 30 * MINUTE);
  expect(cron.began).toEqual(['daily 2026-01-01T13:00:00.000Z']);
});

test('a retry that a wrong clock made too late runs once the clock is corrected, unless its job has been disabled', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T12:00:00Z') });
  await cron.start();
  for (const jobId of ['job', 'disabled']) {
    await cron.addJob(jobId, { schedule: '0 12 * * *' });
    const scheduledAtMs = cron.clock.now();
    const retry = { jobId, trigger: 'schedule', scheduledAtMs, attempt: 2, state: 'queued', dueAtMs: scheduledAtMs + MINUTE } as const;
    await cron.store.write((tx) => insertCronRun(tx, newRun(retry)));
  }
  cron.clock.jump(60 * MINUTE);
  await cron.settle();
  expect(cron.announced).toEqual(['job missed', 'disabled missed']);
  await cron.store.write((tx) => updateCronJob(tx, 'disabled', { enabled: false }));
  cron.clock.jump(-60 * MINUTE);
  await cron.settle();
  await cron.pass(2 * MINUTE, MINUTE);
  expect(cron.began).toEqual(['job 2026-01-01T12:00:00.000Z']);
});

test('a job that is triggered right after the clock was set back is planned again all the same', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T12:30:00Z') });
  await cron.start();
  await cron.addJob('hourly', { schedule: '0 * * * *' });
  const aheadMs = DAY - 25 * MINUTE;
  cron.clock.jump(aheadMs);
  await cron.settle();
  expect(cron.began).toEqual(['hourly 2026-01-02T12:00:00.000Z']);
  cron.clock.jump(-aheadMs);
  await cron.trigger('hourly');
  expect((await cron.store.read((tx) => findCronJob(tx, 'hourly')))?.nextAtMs).toBe(at('2026-01-01T13:00:00Z'));
});

test('a retry that waits is not moved away by a clock that is set back', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T12:00:00Z') });
  await cron.start();
  await cron.addJob('job', { schedule: '0 0 1 6 *' });
  const nowMs = cron.clock.now();
  await cron.store.write((tx) =>
    insertCronRun(
      tx,
      newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: nowMs - DAY, dueAtMs: nowMs + MINUTE, state: 'queued', attempt: 2 }),
    ),
  );
  await cron.settle();
  cron.clock.jump(-180 * MINUTE);
  await cron.settle();
  await cron.pass(61 * MINUTE, MINUTE);
  expect(cron.began).toHaveLength(1);
});

test('messages do not wait for turns that fill all places', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T08:59:00Z'), maxConcurrentJobs: 1 });
  await cron.start();
  for (const id of ['turn_1', 'turn_2']) {
    cron.hold.add(id);
    await cron.addJob(id, { schedule: '0 9 * * *', mode: 'agent' });
  }
  for (let index = 0; index < 120; index += 1) await cron.addJob(`message_${index}`, { schedule: '0 9 * * *' });
  await cron.pass(MINUTE, MINUTE);
  expect(cron.began.filter((text) => text.startsWith('turn'))).toHaveLength(1);
  expect(cron.began.filter((text) => text.startsWith('message'))).toHaveLength(120);
});

test('while an older worker still lives, what is due comes on time', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T08:59:59.700Z'), liveInstanceIds: () => ['wk_0', 'wk_1'] });
  await cron.start();
  await cron.addJob('job', { schedule: '0 9 * * *' });
  cron.clock.advance(300);
  while (cron.began.length === 0) await new Promise(setImmediate);
  expect((await cron.runs('job'))[0]?.startedAtMs).toBe(at('2026-01-01T09:00:00Z'));
});
