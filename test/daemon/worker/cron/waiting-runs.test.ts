/** Which runs start late, and which are not repeated, because their job has been changed meanwhile. */
import { expect, test } from 'vitest';
import { listDue } from '../../../../daemon/worker/cron/claim.js';
import { JobChats, type JobChatsOptions } from '../../../../daemon/worker/cron/job-chat.js';
import { finishFailed, interruptRun, type RunChange } from '../../../../daemon/worker/cron/finish.js';
import { isStillPlanned } from '../../../../daemon/worker/cron/policy.js';
import { type CronJobChange, updateCronJob } from '../../../../daemon/worker/store/cron/cron-jobs.js';
import { type CronRun, findCronRun, insertCronRun, type NewCronRun, startCronRun } from '../../../../daemon/worker/store/cron/cron-runs.js';
import type { Transaction } from '../../../../daemon/worker/store/transaction.js';
import { parkCronRun, releaseTurn } from '../../../../daemon/worker/store/turns/waiting-turns.js';
import { makeCron, newRun } from '../../../helpers/cron-fixture.js';
import { testConfig } from '../../../helpers/test-config.js';

const at = (time: string, day = 5): number => Date.parse(`2026-01-0${day}T${time}:00Z`);
const chats = { alert: async () => undefined };

type End = (tx: Transaction, run: CronRun, nowMs: number) => Promise<RunChange | undefined>;
const fail: End = (tx, run, nowMs) => finishFailed(tx, run, { error: 'busy', isRetryable: true, nowMs, chats });
const interrupt: End = (tx, run, nowMs) => interruptRun(tx, run, { nowMs, chats });

/** Ends the run of 09:00 after a change of its job. @returns how many attempts follow */
async function attemptsAfter(end: End, change: CronJobChange, given: Partial<NewCronRun> = {}): Promise<number> {
  const cron = await makeCron({ nowMs: at('09:01') });
  await cron.addJob('job', { schedule: '0 9 * * *', retries: 1 });
  const row = newRun({ jobId: 'job', trigger: 'schedule', scheduledAtMs: at('09:00'), dueAtMs: at('09:00'), state: 'queued', ...given });
  await cron.store.write(async (tx) => {
    await insertCronRun(tx, row);
    await startCronRun(tx, { id: row.id, instanceId: 'wk_1', nowMs: at('09:00') });
    await updateCronJob(tx, 'job', change);
    const run = await findCronRun(tx, { jobId: 'job', runId: row.id });
    if (run !== undefined) await end(tx, run, at('09:01'));
  });
  return (await cron.runs('job')).filter(({ state }) => state === 'queued').length;
}

test.each([
  ['was disabled', 0, { enabled: false }],
  ['got another schedule', 0, { schedule: '30 9 * * *' }],
  ['got other active hours', 0, { activeHours: { from: '10:00', to: '12:00' } }],
  ['was renamed', 1, { name: 'other' }],
])('after its job %s, a run that fails or is interrupted is followed by %i attempts', async (_how, count, change) => {
  expect([await attemptsAfter(fail, change), await attemptsAfter(interrupt, change)]).toEqual([count, count]);
});

test.each([0, 3])('with %i retries, a run that ends its worker each time is repeated three times', async (retries) => {
  const cron = await makeCron({ nowMs: at('09:01') });
  await cron.addJob('job', { schedule: '0 9 * * *', mode: 'agent', interrupted: 'again', retries });
  const where = { jobId: 'job', trigger: 'schedule', scheduledAtMs: at('09:00'), dueAtMs: at('09:00'), state: 'queued' } as const;
  await cron.store.write((tx) => insertCronRun(tx, newRun(where)));
  for (let death = 1; death <= 4; death += 1) {
    const [run] = await cron.runs('job');
    if (run?.state !== 'queued') throw new Error(`not repeated after ${death - 1}`);
    await cron.store.write(async (tx) => {
      await startCronRun(tx, { id: run.id, instanceId: 'wk_1', nowMs: at('09:00') });
      await interrupt(tx, run, at('09:01'));
    });
  }
  expect((await cron.runs('job')).map(({ state, attempt }) => [state, attempt])).toEqual(
    [4, 3, 2, 1].map((attempt) => ['interrupted', attempt]),
  );
});

test.each([
  ['its first attempt', { failures: 0, attempt: 1 }, ['⚠️ The scheduled job “job” has failed: refused']],
  ['a retry', { failures: 1, attempt: 2 }, ['⚠️ The scheduled job “job” has failed 2 times in a row: refused']],
  ['its first attempt, after a failure of another occurrence', { failures: 1, attempt: 1 }, []],
  ['its last attempt', { failures: 1, attempt: 4 }, []],
])('what a chat is told of a failure that a retry cannot fix, in %s', async (_which, { failures, attempt }, texts) => {
  const cron = await makeCron({ nowMs: at('09:01') });
  await cron.addJob('job', { schedule: '0 9 * * *', retries: 3, notifyAfter: 3 });
  const row = newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: at('09:00'), dueAtMs: at('09:00'), state: 'queued', attempt });
  const told: string[] = [];
  const alert: Pick<JobChats, 'alert'>['alert'] = async (_tx, _job, { text }) => void told.push(text);
  await cron.store.write(async (tx) => {
    await updateCronJob(tx, 'job', { failures });
    await insertCronRun(tx, row);
    await startCronRun(tx, { id: row.id, instanceId: 'wk_1', nowMs: at('09:00') });
    const run = await findCronRun(tx, { jobId: 'job', runId: row.id });
    if (run !== undefined) await finishFailed(tx, run, { error: 'refused', isRetryable: false, nowMs: at('09:01'), chats: { alert } });
  });
  expect(told).toEqual(texts);
});

test('a run that a person requested is repeated even if its job is disabled, and however old its occurrence is', async () => {
  const requested = { trigger: 'manual', occurrence: 'x', attempt: 2, scheduledAtMs: at('09:00', 1) } as const;
  const isRepeated = { ...requested, attempt: 1 };
  expect([await attemptsAfter(fail, { enabled: false }, isRepeated), await attemptsAfter(interrupt, { name: 'other' }, requested)]).toEqual(
    [1, 1],
  );
});

test('an occurrence that daylight saving has moved is still planned', async () => {
  const cron = await makeCron({ nowMs: Date.parse('2026-03-28T20:00:00Z') });
  await cron.start();
  await cron.addJob('job', { schedule: '30 2 * * *', timezone: 'Europe/Berlin' });
  await cron.pass(6 * 3_600_000, 1_800_000);
  const [run] = await cron.runs('job');
  expect(run).toMatchObject({ state: 'done', scheduledAtMs: Date.parse('2026-03-29T01:00:00Z') });
  const job = { enabled: true, schedule: '30 2 * * *', timezone: 'Europe/Berlin', anchorMs: 0, activeHours: null };
  expect(run && isStillPlanned(job as Parameters<typeof isStillPlanned>[0], run)).toBe(true);
});

type LateRun = Partial<Omit<NewCronRun, 'id'>> & Pick<NewCronRun, 'dueAtMs'> & Pick<CronJobChange, 'activeHours'>;

const BEFORE_NINE = { activeHours: { from: '08:00', to: '09:00' } };

test.each([
  ['beyond its grace period', { dueAtMs: at('08:53') }, 'missed'],
  ['within its grace period', { dueAtMs: at('08:57') }, 'done'],
  ['outside the active hours of its job', { ...BEFORE_NINE, dueAtMs: at('09:04') }, 'missed'],
  ['outside them, with a turn that has begun', { ...BEFORE_NINE, dueAtMs: at('09:03'), turnId: 'turn_1', questionId: 'msg_1' }, 'done'],
  ['late, but was requested by a person', { ...BEFORE_NINE, dueAtMs: at('08:53'), trigger: 'manual' }, 'done'],
  ['beyond its grace period, after an interruption of its turn', { dueAtMs: at('08:53'), turnId: 'turn_1', questionId: 'msg_1' }, 'missed'],
] as const)('a retry that would begin %s', async (_how, { activeHours = null, ...given }: LateRun, state) => {
  const cron = await makeCron({ nowMs: at('09:04') });
  await cron.addJob('job', { schedule: '45 8 * * *', activeHours });
  const retry = { jobId: 'job', trigger: 'schedule', attempt: 2, scheduledAtMs: at('08:45'), state: 'queued' } as const;
  await cron.store.write((tx) => insertCronRun(tx, newRun({ ...retry, ...given })));
  await cron.start();
  await cron.settle();
  expect(await cron.runs('job')).toMatchObject([{ state, finishedAtMs: at('09:04') }]);
  expect(cron.announced.includes('job missed')).toBe(state === 'missed');
});

test('a run whose turn has waited for a person goes on, however late that is', async () => {
  const cron = await makeCron({ nowMs: at('08:45') });
  await cron.addJob('job', { schedule: '45 8 * * *', activeHours: BEFORE_NINE.activeHours, interrupted: 'again' });
  const where = { jobId: 'job', trigger: 'schedule', scheduledAtMs: at('08:45'), dueAtMs: at('08:45'), state: 'queued' } as const;
  const run = newRun({ ...where, turnId: 'turn_1', questionId: 'msg_1' });
  await cron.store.write(async (tx) => {
    await insertCronRun(tx, run);
    await startCronRun(tx, { id: run.id, instanceId: 'wk_1', nowMs: at('08:45') });
    await parkCronRun(tx, { id: run.id, dueAtMs: at('08:45', 9) });
    await releaseTurn(tx, { id: 'turn_1', nowMs: at('08:50') });
  });
  expect(await cron.runs('job')).toMatchObject([{ state: 'queued', startedAtMs: at('08:45'), dueAtMs: at('08:50') }]);
  cron.clock.jump(at('09:04') - at('08:45'));
  await cron.start();
  await cron.settle();
  expect(await cron.runs('job')).toMatchObject([{ state: 'done' }]);
});

test.each([
  ['a message', {}, { needs: ['cron'], here: 1 }],
  ['a turn that has begun', { turnId: 'turn_1', questionId: 'msg_1' }, { needs: ['cron', 'agent:writer'], here: 0 }],
] as const)(
  'of a job that sends its message, %s is left to others if it needs an agent that this gateway does not have',
  async (_what, given, expected) => {
    const cron = await makeCron({ nowMs: at('09:00') });
    await cron.addJob('job', { schedule: '0 9 * * *', mode: 'direct', agentId: 'writer', channel: null, chat_id: null });
    const run = { jobId: 'job', trigger: 'schedule', scheduledAtMs: at('09:00'), dueAtMs: at('09:00'), state: 'queued' } as const;
    await cron.store.write((tx) => insertCronRun(tx, newRun({ ...run, ...given })));
    const asked: unknown[] = [];
    const isServedElsewhere = async (_tx: Transaction, wanted: unknown): Promise<boolean> => asked.push(wanted) > 0;
    const facts = { nowMs: at('09:00'), turns: 1, liveness: { isServedElsewhere } };
    const config = testConfig();
    const chats = new JobChats({ config: () => config } as JobChatsOptions);
    const { due } = await cron.store.read((tx) => listDue(tx, { ...facts, chats }));
    expect(due).toHaveLength(expected.here);
    await cron.store.read((tx) => listDue(tx, { ...facts, chats: { canRun: () => false } }));
    expect(asked.at(-1)).toEqual(expected.needs);
  },
);

test('runs that wait behind one that is too late start at once', async () => {
  const cron = await makeCron({ nowMs: at('09:04') });
  await cron.addJob('job', { schedule: '* * * * *', nextAtMs: at('10:00') });
  for (const time of ['08:50', '09:02']) {
    const run = { jobId: 'job', trigger: 'schedule', scheduledAtMs: at(time), dueAtMs: at(time), state: 'queued' } as const;
    await cron.store.write((tx) => insertCronRun(tx, newRun(run)));
  }
  await cron.start();
  expect(cron.began).toEqual(['job 2026-01-05T09:02:00.000Z']);
  expect((await cron.runs('job')).at(-1)).toMatchObject({ state: 'missed', error: expect.stringContaining('too late') as string });
});

test('a run that is too late does not keep the next occurrence from running', async () => {
  const cron = await makeCron({ nowMs: at('09:04') });
  await cron.addJob('job', { schedule: '0 9 * * *', overlap: 'skip', nextAtMs: at('09:00') });
  const retry = {
    jobId: 'job',
    trigger: 'schedule',
    attempt: 2,
    scheduledAtMs: at('09:00', 4),
    dueAtMs: at('09:05', 4),
    state: 'queued',
  } as const;
  await cron.store.write((tx) => insertCronRun(tx, newRun(retry)));
  await cron.start();
  await cron.settle();
  expect((await cron.runs('job')).map(({ state }) => state)).toEqual(['done', 'missed']);
});

test('a run waits behind one of its job whose turn waits for a person', async () => {
  const cron = await makeCron({ nowMs: at('08:45') });
  await cron.addJob('job', { schedule: '45 8 * * *', overlap: 'queue' });
  const runAt = (time: string, turn: Partial<NewCronRun> = {}): NewCronRun =>
    newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: at(time), dueAtMs: at(time), state: 'queued', ...turn });
  const runs = ['08:40', '08:41'].map((time, index) => runAt(time, { turnId: `turn_${index}`, questionId: `msg_${index}` }));
  await cron.store.write(async (tx) => {
    for (const run of runs) {
      await insertCronRun(tx, run);
      await startCronRun(tx, { id: run.id, instanceId: 'wk_1', nowMs: at('08:42') });
      await parkCronRun(tx, { id: run.id, dueAtMs: at('08:45', 9) });
    }
    await insertCronRun(tx, runAt('08:43'));
  });
  await cron.start();
  await cron.settle();
  expect(cron.began).toEqual([]);
  const began = ['job 2026-01-05T08:41:00.000Z', 'job 2026-01-05T08:40:00.000Z', 'job 2026-01-05T08:43:00.000Z'];
  for (const [count, turn] of ['turn_1', 'turn_0'].entries()) {
    await cron.store.write((tx) => releaseTurn(tx, { id: turn, nowMs: at('08:45') }));
    await cron.settle();
    expect(cron.began).toEqual(began.slice(0, count === 0 ? 1 : 3));
  }
});
