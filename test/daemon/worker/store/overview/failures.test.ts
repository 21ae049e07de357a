import { expect, test } from 'vitest';
import { insertCronRun } from '../../../../../daemon/worker/store/cron/cron-runs.js';
import { listFailures } from '../../../../../daemon/worker/store/overview/failures.js';
import { beginTurn, endTurn } from '../../../../../daemon/worker/store/conversations/turns.js';
import { makeCron, newRun } from '../../../../helpers/cron-fixture.js';
import { addSession } from '../../../../helpers/open-store.js';

test('failures of every kind come newest first, with what leads to them, and no older than asked for', async () => {
  const cron = await makeCron({ nowMs: 0 });
  const { store } = cron;
  const session = await addSession(store, 'me');
  const endOf = (id: string, state: 'done' | 'error' | 'interrupted', nowMs: number) =>
    store.write(async (tx) => {
      await beginTurn(tx, { id, sessionId: session.id, agentId: 'main', tokenId: null, instanceId: 'wk_1', nowMs });
      const error = state === 'done' ? null : { code: null, message: 'no model' };
      await endTurn(tx, { id, state, model: null, usage: null, error, nowMs });
    });
  await endOf('turn_1', 'error', 1_000);
  await endOf('turn_2', 'done', 2_000);
  await endOf('turn_3', 'interrupted', 3_000);
  await cron.addJob('job_1', { schedule: '0 0 1 1 *', name: 'Backup' });
  const run = (state: 'failed' | 'done' | 'missed', at: number) =>
    newRun({
      jobId: 'job_1',
      trigger: 'schedule',
      scheduledAtMs: at,
      dueAtMs: at,
      state,
      finishedAtMs: at,
      error: state === 'done' ? null : 'no network',
    });
  await store.write(async (tx) => {
    await insertCronRun(tx, run('failed', 2_500));
    await insertCronRun(tx, run('done', 2_600));
    await insertCronRun(tx, run('missed', 4_000));
  });
  const all = await store.read((tx) => listFailures(tx, { sinceMs: 0, limit: 10 }));
  expect(all.map(({ kind, state, atMs, error }) => [kind, state, atMs, error])).toEqual([
    ['run', 'missed', 4_000, 'no network'],
    ['turn', 'interrupted', 3_000, 'no model'],
    ['run', 'failed', 2_500, 'no network'],
    ['turn', 'error', 1_000, 'no model'],
  ]);
  expect([all[0]?.job_id, all[0]?.name, all[1]?.session]).toEqual(['job_1', 'Backup', session.key]);
  expect(await store.read((tx) => listFailures(tx, { sinceMs: 2_600, limit: 1 }))).toHaveLength(1);
});
