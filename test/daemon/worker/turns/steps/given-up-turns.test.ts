/** A turn that waits ends with the run or the message that asked for it: nothing runs an approved call of it later. */
import { expect, onTestFinished, test } from 'vitest';
import { finishFailed, interruptRun } from '../../../../../daemon/worker/cron/finish.js';
import { InboxQueue, type InboxHandler } from '../../../../../daemon/worker/delivery/inbox-queue.js';
import { findCronRun, insertCronRun, noteCronRun, startCronRun } from '../../../../../daemon/worker/store/cron/cron-runs.js';
import { listCronRuns } from '../../../../../daemon/worker/store/cron/run-history.js';
import { beginInboxAttempt, insertInboxMessage, setInboxTurn } from '../../../../../daemon/worker/store/delivery/inbox.js';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { parkInbox } from '../../../../../daemon/worker/store/turns/waiting-turns.js';
import { WaitingTurns, type WaitingTurnsOptions } from '../../../../../daemon/worker/turns/steps/waiting-turns.js';
import { Upkeep } from '../../../../../daemon/worker/upkeep/upkeep.js';
import { DAY_MS } from '../../../../../shared/clock.js';
import { configSchema } from '../../../../../shared/config/schema.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { makeCron, newRun } from '../../../../helpers/cron-fixture.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { openStore, session } from '../../../../helpers/open-store.js';
import { addWaitingTurn, stateOfTurn } from '../../../../helpers/waiting-turn.js';

const chats = { alert: async () => undefined };
const failed = { error: 'the agent is gone', nowMs: 2_000, chats };

type End = (...args: [Parameters<typeof finishFailed>[0], Parameters<typeof finishFailed>[1]]) => Promise<unknown>;
const fail =
  (isRetryable: boolean): End =>
  (tx, run) =>
    finishFailed(tx, run, { ...failed, isRetryable });
const interrupt: End = (tx, run) => interruptRun(tx, run, failed);

test.each([
  { how: 'fails', end: fail(false), job: {}, state: 'aborted', retries: [] },
  { how: 'fails and is retried, which asks afresh', end: fail(true), job: { retries: 1 }, state: 'aborted', retries: [null] },
  { how: 'is interrupted', end: interrupt, job: { interrupted: 'leave' as const }, state: 'aborted', retries: [] },
  { how: 'is interrupted and goes on', end: interrupt, job: { interrupted: 'again' as const }, state: 'waiting', retries: ['turn_job'] },
])('when a run of a job $how, its turn is $state', async ({ end, job, state, retries }) => {
  const { store, addJob } = await makeCron({ nowMs: 1_000 });
  await addJob('job', { schedule: 'every 1h', mode: 'agent', ...job });
  const { turnId, questionId } = await addWaitingTurn(store, { name: 'job' });
  const row = newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: 1_000, dueAtMs: 1_000, state: 'queued' });
  await store.write(async (tx) => {
    await insertCronRun(tx, row);
    await noteCronRun(tx, row.id, { turnId, questionId });
    await startCronRun(tx, { id: row.id, instanceId: 'wk_1', nowMs: 1_000 });
    const run = await findCronRun(tx, { jobId: 'job', runId: row.id });
    if (run !== undefined) await end(tx, run);
  });
  expect(await stateOfTurn(store, turnId)).toBe(state);
  const runs = await store.read((tx) => listCronRuns(tx, { jobId: 'job', limit: 10 }));
  const queued = runs.filter((one) => one.state === 'queued');
  expect(queued.map((retry) => retry.turnId)).toEqual(retries);
});

test('a run that its own worker interrupts goes on with its turn, however late its occurrence is', async () => {
  const { store, addJob } = await makeCron({ nowMs: 1_000 });
  await addJob('job', { schedule: 'every 1h', mode: 'agent', interrupted: 'again', graceMs: 1_000 });
  const { turnId, questionId } = await addWaitingTurn(store, { name: 'job' });
  const row = newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: 1_000, dueAtMs: 1_000, state: 'queued' });
  await store.write(async (tx) => {
    await insertCronRun(tx, row);
    await startCronRun(tx, { id: row.id, instanceId: 'wk_1', nowMs: 9_000 });
    const claimed = await findCronRun(tx, { jobId: 'job', runId: row.id });
    // Its turn begins after the claim.
    await noteCronRun(tx, row.id, { turnId, questionId });
    if (claimed !== undefined) await interruptRun(tx, claimed, { ...failed, nowMs: 9_500 });
  });
  expect(await stateOfTurn(store, turnId)).toBe('waiting');
  const runs = await store.read((tx) => listCronRuns(tx, { jobId: 'job', limit: 10 }));
  expect(runs).toMatchObject([{ state: 'queued', turnId, questionId }, { state: 'interrupted' }]);
});

test.each(['failed', 'poisoned'])('when a message of a chat is %s, its turn ends', async (how) => {
  const store = await openStore();
  const clock = new FakeClock(1_000);
  const { turnId } = await addWaitingTurn(store, { name: 'chat' });
  const lane = { channel: 'webhook', accountId: 'default', chatId: 'chat' };
  const error = new GatewayError('INVALID_REQUEST', { message: 'the agent is gone' });
  const told: string[] = [];
  const handler = {
    handle: async () => error,
    hasAccount: () => true,
    canHandle: () => true,
    notify: async () => undefined,
    noted: ({ id }: { id: string }) => told.push(id),
  } as unknown as InboxHandler;
  const liveness = createLiveness('wk_1', () => ['wk_1']);
  const options = { clock, logger: logMemory(), liveness, outbox: { wake: () => undefined } };
  const queue = new InboxQueue({ ...options, instanceId: 'wk_1' }, handler);
  const claim = await store.write(async (tx) => {
    const message = { ...lane, id: 'msg_1', scope: 's', updateId: '1', peerKind: 'direct', content: 'hi', nowMs: 1_000 } as const;
    await insertInboxMessage(tx, message);
    const { seq } = await queriesOf(tx).selectFrom('inbox_messages').select('seq').executeTakeFirstOrThrow();
    await setInboxTurn(tx, { seq, turnId, sentLength: 0 });
    return queue.claim(tx, lane, true);
  });
  if (claim.type !== 'item') throw new Error('the message was not claimed');
  if (how === 'failed') {
    const { record, recorded } = await queue.attempt(claim.item);
    await store.write(async (tx) => record?.(tx));
    recorded?.();
  } else {
    const recovered = await store.write(async (tx) => {
      await queriesOf(tx).updateTable('inbox_messages').set({ attempts: 3, instance_id: 'wk_0' }).execute();
      return queue.recover(tx, liveness);
    });
    recovered();
  }
  const row = await store.read((tx) => queriesOf(tx).selectFrom('inbox_messages').select('state').executeTakeFirst());
  expect([row?.state, await stateOfTurn(store, turnId), told]).toEqual([how, 'aborted', ['msg_1']]);
});

test('a turn that was left waiting when its session was deleted ends before that is purged, and its chat goes on', async () => {
  const [store, clock] = [await openStore(), new FakeClock(1_000 + 8 * DAY_MS)];
  const { turnId } = await addWaitingTurn(store, { name: 'chat' });
  const lane = { channel: 'webhook', accountId: 'default', chatId: 'chat' };
  await store.write(async (tx) => {
    await insertInboxMessage(tx, { ...lane, id: 'msg_1', scope: 's', updateId: '1', peerKind: 'direct', content: 'hi', nowMs: 1_000 });
    const { seq } = await queriesOf(tx).selectFrom('inbox_messages').select('seq').executeTakeFirstOrThrow();
    await beginInboxAttempt(tx, { seq, instanceId: 'wk_0' });
    await setInboxTurn(tx, { seq, turnId, sentLength: 0 });
    await parkInbox(tx, { seq, instanceId: 'wk_0', nowMs: 1_000 });
    await queriesOf(tx).updateTable('sessions').set({ deleted_at: 1_000 }).execute();
  });
  const woken: unknown[] = [];
  const common = { store, clock, logger: logMemory(), config: () => configSchema.parse({}) };
  const inbox = { wake: (chat: unknown) => woken.push(chat) };
  const live = { touch: (session: string) => woken.push(session) };
  const waiting = new WaitingTurns({ ...common, instanceId: 'wk_1', live, inbox } as unknown as WaitingTurnsOptions);
  const journal = { interruptOrphans: async () => 0 };
  const upkeep = new Upkeep({ ...common, journal, waiting, liveness: { lookAgainMs: () => undefined }, purgeJobs: async () => undefined });
  onTestFinished(() => upkeep.stop());
  await upkeep.start();
  await expect.poll(() => stateOfTurn(store, turnId)).toBeUndefined();
  const row = await store.read((tx) => queriesOf(tx).selectFrom('inbox_messages').select('state').executeTakeFirst());
  expect([row?.state, woken]).toEqual(['done', [session('chat').key, lane]]);
});
