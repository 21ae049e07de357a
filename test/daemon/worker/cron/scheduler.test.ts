import { expect, test } from 'vitest';
import { markCronJobDeleted } from '../../../../daemon/worker/store/cron/cron-jobs.js';
import { hastenCronRuns, insertCronRun, startCronRun } from '../../../../daemon/worker/store/cron/cron-runs.js';
import { parkCronRun } from '../../../../daemon/worker/store/turns/waiting-turns.js';
import { makeCron, newRun } from '../../../helpers/cron-fixture.js';

const at = (text: string): number => Date.parse(text);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('each occurrence runs once and none early, through both changes of the clocks in three zones', async () => {
  for (const [zone, spring, autumn, expected] of [
    [
      'Europe/Berlin',
      '2026-03-28T20:00:00Z',
      '2026-10-24T20:00:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    ['America/New_York', '2026-03-08T01:00:00Z', '2026-11-01T01:00:00Z', ['2026-03-08T07:00', '2026-03-09T06:30', '2026-11-01T06:30']],
    ['Australia/Sydney', '2026-10-03T10:00:00Z', '2027-04-03T10:00:00Z', ['2026-10-03T16:00', '2026-10-04T15:30', '2027-04-03T15:30']],
  ] as const) {
    const began: string[] = [];
    for (const start of [spring, autumn]) {
      const cron = await makeCron({ nowMs: at(start) });
      await cron.start();
      await cron.addJob('job', { schedule: zone === 'America/New_York' && start === autumn ? '30 1 * * *' : '30 2 * * *', timezone: zone });
      await cron.pass(36 * HOUR, 10 * MINUTE);
      began.push(...cron.began.map((text) => text.slice(4, 20)));
    }
    // The second day after autumn lies outside for zones whose night comes later.
    expect(began.slice(0, expected.length - 1)).toEqual(
      (zone === 'America/New_York' ? [...expected.slice(0, 2), '2026-11-01T05:30'] : expected).slice(0, expected.length - 1),
    );
    expect(new Set(began).size).toBe(began.length);
  }
}, 60_000);

test('a job 30 days away waits with timers of a minute at most', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T00:00:00Z') });
  const delays: number[] = [];
  const { after } = cron.clock;
  cron.clock.after = (delayMs, callback) => {
    delays.push(delayMs);
    return after.call(cron.clock, delayMs, callback);
  };
  await cron.start();
  expect(delays).toEqual([]);
  await cron.addJob('far', { schedule: 'at 2026-01-31T00:00:00Z' });
  await cron.pass(29 * DAY, DAY);
  expect(cron.began).toEqual([]);
  await cron.pass(DAY, 12 * HOUR);
  expect(cron.began).toEqual(['far 2026-01-31T00:00:00.000Z']);
  expect(Math.max(...delays)).toBeLessThanOrEqual(MINUTE);
});

test('a timer starts due jobs without a wake-up', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T00:00:30Z') });
  await cron.start();
  await cron.addJob('job', { schedule: '* * * * *' });
  cron.clock.advance(30_000);
  while (cron.began.length === 0) await new Promise(setImmediate);
  expect(cron.began).toEqual(['job 2026-01-01T00:01:00.000Z']);
});

test('a clock that is set forward and back runs no occurrence twice and none early', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T00:10:00Z') });
  await cron.start();
  await cron.addJob('hourly', { schedule: '0 * * * *' });
  await cron.pass(HOUR, 10 * MINUTE);
  cron.clock.jump(3 * HOUR);
  await cron.settle();
  const [jumped] = await cron.runs('hourly');
  expect(jumped).toMatchObject({ scheduledAtMs: at('2026-01-01T04:00:00Z'), missedBefore: 2, state: 'done' });
  cron.clock.jump(-3 * HOUR);
  await cron.settle();
  await cron.pass(4 * HOUR, 10 * MINUTE);
  // The clock said 04:00 once, which was enough; those that it had jumped over come when it is time.
  expect(cron.began).toEqual(['01', '04', '02', '03', '05'].map((hour) => `hourly 2026-01-01T${hour}:00:00.000Z`));
});

test('a minute of suspend makes a job late, not lost and not doubled', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T00:00:50Z') });
  await cron.start();
  await cron.addJob('job', { schedule: '*/5 * * * *' });
  await cron.pass(4 * MINUTE, MINUTE);
  cron.clock.jump(MINUTE);
  await cron.settle();
  await cron.settle();
  expect(cron.began).toEqual(['job 2026-01-01T00:05:00.000Z']);
  expect((await cron.runs('job'))[0]?.startedAtMs).toBe(at('2026-01-01T00:05:50Z'));
});

test('what was due during a restart runs once and late; what ran before it, or is too late, does not', async () => {
  const first = await makeCron({ nowMs: at('2026-01-01T08:59:00Z') });
  await first.start();
  await first.addJob('ran', { schedule: '59 8 * * *', nextAtMs: at('2026-01-01T08:59:00Z') });
  await first.addJob('due', { schedule: '0 9 * * *' });
  await first.addJob('strict', { schedule: '0 9 * * *', missed: 'skip' });
  await first.addJob('late', { schedule: '0 9 * * *', graceMs: 1_000 });
  await first.settle();
  await first.scheduler.stop();
  first.clock.advance(2 * MINUTE);
  const second = await makeCron({ store: first.store, clock: first.clock, instanceId: 'wk_2' });
  await second.start();
  await second.pass(5_000, 1_000);
  expect(first.began).toEqual(['ran 2026-01-01T08:59:00.000Z']);
  expect(second.began).toEqual(['due 2026-01-01T09:00:00.000Z']);
  expect((await second.runs('strict')).map(({ state }) => state)).toEqual(['missed']);
  expect((await second.runs('late')).map(({ state }) => state)).toEqual(['missed']);
});

test('ten overdue turns start one after another, within the limit', async () => {
  const first = await makeCron({ nowMs: at('2026-01-01T08:59:00Z') });
  for (let index = 0; index < 10; index += 1) await first.addJob(`job_${index}`, { schedule: '0 9 * * *', mode: 'agent' });
  first.clock.advance(2 * MINUTE);
  const second = await makeCron({ store: first.store, clock: first.clock, maxConcurrentJobs: 2 });
  for (let index = 0; index < 10; index += 1) second.hold.add(`job_${index}`);
  await second.start();
  expect(second.began).toHaveLength(1);
  await second.pass(1_000, 1_000);
  expect(second.began).toHaveLength(2);
  await second.pass(20_000, 1_000);
  expect(second.began).toHaveLength(2);
});

test('after a night, jobs are claimed few at a time, so that other writes come between; their turns start one after another all the same', async () => {
  const nowMs = at('2026-01-02T08:00:00Z');
  const cron = await makeCron({ nowMs });
  const names = ['a', 'b', 'c'];
  for (const name of names) {
    await cron.addJob(name, { schedule: '* * * * *', mode: 'agent', nextAtMs: at('2026-01-01T20:00:00Z') });
    cron.hold.add(name);
  }
  const { write } = cron.store;
  const claimedBy: number[] = [];
  const states = async () => (await Promise.all(names.map((name) => cron.runs(name)))).flat();
  cron.store.write = async (act) => {
    const result = await write.call(cron.store, act);
    claimedBy.push((await states()).length);
    return result as never;
  };
  await cron.start();
  expect([...new Set(claimedBy)].filter((count) => count > 0)).toEqual([1, 2, 3]);
  const runs = await states();
  expect(runs.map(({ missedBefore }) => missedBefore)).toEqual([720, 720, 720]);
  expect(runs.map(({ dueAtMs }) => dueAtMs - nowMs)).toEqual([0, 1_000, 2_000]);
});

test.each([
  ['agent', 'leave', ['interrupted']],
  ['agent', 'again', ['done', 'interrupted']],
  ['direct', 'leave', ['done', 'interrupted']],
] as const)('a run of mode %s that was killed is interrupted, and with policy %s becomes %j', async (mode, interrupted, states) => {
  const first = await makeCron({ nowMs: at('2026-01-01T08:59:00Z') });
  await first.start();
  first.hold.add('job');
  await first.addJob('job', { schedule: '0 9 * * *', mode, interrupted, notifyAfter: 3 });
  await first.pass(MINUTE, MINUTE);
  await first.scheduler.stop();
  const second = await makeCron({ store: first.store, clock: first.clock, instanceId: 'wk_2' });
  await second.start();
  await second.settle();
  expect((await second.runs('job')).map(({ state }) => state)).toEqual(states);
  // Nobody is told of what is done again.
  const told =
    states.length === 1
      ? ['⚠️ The scheduled job “job” was interrupted because the gateway stopped. Run it again with: xopc cron run job']
      : [];
  expect(second.told).toEqual(told);
  expect(second.announced[0]).toBe('job interrupted');
});

test('a run whose turn has waited for a person goes on after a kill, however late its occurrence is', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T12:00:00Z'), instanceId: 'wk_2' });
  await cron.addJob('job', { schedule: '0 9 * * *', mode: 'agent', interrupted: 'again' });
  const where = { jobId: 'job', trigger: 'schedule', scheduledAtMs: at('2026-01-01T09:00:00Z'), dueAtMs: 0, state: 'queued' } as const;
  const run = newRun({ ...where, turnId: 'turn_1', questionId: 'msg_1' });
  await cron.store.write(async (tx) => {
    await insertCronRun(tx, run);
    await startCronRun(tx, { id: run.id, instanceId: 'wk_1', nowMs: at('2026-01-01T11:59:00Z') });
  });
  await cron.start();
  await cron.settle();
  expect(await cron.runs('job')).toMatchObject([{ state: 'done', turnId: 'turn_1', questionId: 'msg_1' }, { state: 'interrupted' }]);
});

test('a run that waits for a person is not stopped, and goes on before its last attempt has wound up', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T08:00:00Z') });
  const attempts: { readonly signal: AbortSignal; readonly end: () => void }[] = [];
  await cron.scheduler.start(async ({ run }, signal) => {
    if (attempts.length === 0) await cron.store.write((tx) => parkCronRun(tx, { id: run.id, dueAtMs: cron.clock.now() + DAY }));
    await new Promise<void>((end) => {
      signal.addEventListener('abort', () => end());
      attempts.push({ signal, end });
    });
  });
  await cron.addJob('job', { schedule: '0 0 1 1 *', mode: 'agent' });
  await cron.trigger('job');
  await expect.poll(() => attempts.length).toBe(1);
  await cron.scheduler.wake();
  expect(attempts[0]?.signal.aborted).toBe(false);
  await cron.store.write((tx) => hastenCronRuns(tx, cron.clock.now()));
  await cron.scheduler.wake();
  expect(attempts).toHaveLength(2);
  attempts[0]?.end();
  await new Promise(setImmediate);
  await cron.scheduler.wake();
  expect((await cron.runs('job')).map(({ state }) => state)).toEqual(['running']);
  expect(attempts[1]?.signal.aborted).toBe(false);
});

test.each([
  ['skip', ['skipped', 'running'], 1],
  ['queue', ['queued', 'running'], 1],
  ['replace', ['running', 'replaced'], 2],
] as const)('with overlap %s a second occurrence leaves %j', async (overlap, states, count) => {
  const cron = await makeCron({ nowMs: at('2026-01-01T08:59:30Z') });
  await cron.start();
  cron.hold.add('job');
  await cron.addJob('job', { schedule: '* * * * *', overlap });
  await cron.pass(90_000, 30_000);
  while (cron.began.length < count) await new Promise(setImmediate);
  expect((await cron.runs('job')).map(({ state }) => state)).toEqual(states);
  expect(cron.began).toHaveLength(count);
});

test('a job that was deleted and made again fires by its new schedule only', async () => {
  const cron = await makeCron({ nowMs: at('2026-01-01T08:00:00Z') });
  await cron.start();
  await cron.addJob('old', { schedule: '*/10 * * * *' });
  await cron.pass(10 * MINUTE, MINUTE);
  await cron.store.write((tx) => markCronJobDeleted(tx, 'old', 1));
  await cron.addJob('new', { schedule: '0 9 * * *' });
  await cron.pass(HOUR, MINUTE);
  expect(cron.began).toEqual(['old 2026-01-01T08:10:00.000Z', 'new 2026-01-01T09:00:00.000Z']);
});
