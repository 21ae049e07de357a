import { expect, test } from 'vitest';
import { beginTurn, endTurn, readTurnState, type TurnEnd } from '../../../../../daemon/worker/store/conversations/turns.js';
import { endCronRun, insertCronRun, noteCronRun } from '../../../../../daemon/worker/store/cron/cron-runs.js';
import { beginInboxAttempt, finishInbox, insertInboxMessage, setInboxTurn } from '../../../../../daemon/worker/store/delivery/inbox.js';
import { parkInbox, parkTurn } from '../../../../../daemon/worker/store/turns/waiting-turns.js';
import { giveUpWaiting } from '../../../../../daemon/worker/turns/steps/waiting.js';
import { makeCron } from '../../../../helpers/cron-fixture.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';

const WORKER = 'wk_1';

async function makeWorld() {
  const store = await openStore();
  const { id: sessionId, key } = await addSession(store, 'chat');
  const begin = (id: string) =>
    store.write((tx) => beginTurn(tx, { id, sessionId, agentId: 'main', tokenId: null, instanceId: WORKER, nowMs: 1 }));
  const end = (id: string, state: TurnEnd['state']) =>
    store.write((tx) => endTurn(tx, { id, state, model: null, usage: null, error: null, nowMs: 2 }));
  /** Adds a message with the turn of its last attempt. */
  const ask = (updateId: string, turnId: string) =>
    store.write(async (tx) => {
      const place = { channel: 'webchat', accountId: 'default', chatId: key, scope: 's', peerKind: 'direct' } as const;
      await insertInboxMessage(tx, { ...place, id: `in_${updateId}`, updateId, content: 'hi', nowMs: 1 });
      await beginInboxAttempt(tx, { seq: Number(updateId), instanceId: WORKER });
      await setInboxTurn(tx, { seq: Number(updateId), turnId, sentLength: 0 });
    });
  const finish = (seq: number) => store.write((tx) => finishInbox(tx, { seq, instanceId: WORKER, state: 'done', error: null, nowMs: 2 }));
  const state = (id: string) => store.read((tx) => readTurnState(tx, id));
  return { store, begin, end, ask, finish, state };
}

test('an interrupted attempt has not ended until the message has its answer, also while it waits for a person', async () => {
  const { store, begin, end, ask, state } = await makeWorld();
  await begin('turn_1');
  expect(await state('turn_1')).toBe('running');
  await ask('1', 'turn_1');
  await end('turn_1', 'interrupted');
  expect(await state('turn_1')).toBeUndefined();
  await begin('turn_2');
  await ask('1', 'turn_2');
  expect([await state('turn_1'), await state('turn_2')]).toEqual([undefined, 'running']);
  await store.write(async (tx) => {
    await parkTurn(tx, { id: 'turn_2', questionId: 'question' });
    await parkInbox(tx, { seq: 1, instanceId: WORKER, nowMs: 2 });
  });
  expect([await state('turn_1'), await state('turn_2')]).toEqual([undefined, 'waiting']);
  const error = { code: null, message: 'stopped' };
  await store.write((tx) => giveUpWaiting(tx, { turnId: 'turn_2' }, { instanceId: WORKER, error, nowMs: 3 }));
  expect([await state('turn_1'), await state('turn_2')]).toEqual(['interrupted', 'aborted']);
});

test('a turn has ended with its message, or if nothing waits for it, whatever its session does next', async () => {
  const { begin, end, ask, finish, state } = await makeWorld();
  await begin('turn_1');
  await end('turn_1', 'error');
  expect(await state('turn_1')).toBe('error');
  await begin('turn_2');
  await end('turn_2', 'done');
  await begin('turn_3');
  await ask('1', 'turn_3');
  await end('turn_3', 'aborted');
  await finish(1);
  await begin('turn_4');
  await ask('2', 'turn_4');
  expect([await state('turn_2'), await state('turn_3')]).toEqual(['done', 'aborted']);
  await end('turn_4', 'done');
  await finish(2);
  expect(await state('turn_4')).toBe('done');
});

test('an interrupted attempt of a job has not ended while the job is run again', async () => {
  const { store, begin, end, state } = await makeWorld();
  const run = { jobId: 'job_1', trigger: 'manual', scheduledAtMs: 1, dueAtMs: 1, state: 'queued' } as const;
  const note = (id: string, turnId: string) => store.write((tx) => noteCronRun(tx, id, { turnId }));
  const stop = (id: string) => store.write((tx) => endCronRun(tx, id, { state: 'interrupted', finishedAtMs: 2 }));
  await (await makeCron({ store })).addJob(run.jobId, { schedule: '0 0 1 1 *' });
  await store.write((tx) => insertCronRun(tx, { ...run, id: 'run_1' }));
  await begin('turn_1');
  await note('run_1', 'turn_1');
  await end('turn_1', 'interrupted');
  expect(await state('turn_1')).toBeUndefined();
  await store.write((tx) => insertCronRun(tx, { ...run, id: 'run_2', turnId: 'turn_1' }));
  await stop('run_1');
  expect(await state('turn_1')).toBeUndefined();
  await begin('turn_2');
  await note('run_2', 'turn_2');
  expect(await state('turn_1')).toBeUndefined();
  await end('turn_2', 'interrupted');
  await stop('run_2');
  expect([await state('turn_1'), await state('turn_2')]).toEqual(['interrupted', 'interrupted']);
});
