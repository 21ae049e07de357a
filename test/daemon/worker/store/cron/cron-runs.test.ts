import { expect, test } from 'vitest';
import { endCronRun, insertCronRun, listUnfinishedRuns } from '../../../../../daemon/worker/store/cron/cron-runs.js';
import { listCronRuns } from '../../../../../daemon/worker/store/cron/run-history.js';
import { makeCron, newRun } from '../../../../helpers/cron-fixture.js';

test('the newest 500 runs of a job are kept, whoever queued them, and those that have not ended', async () => {
  const { store, addJob } = await makeCron();
  await addJob('job', { schedule: 'every 1h' });
  const queued = (atMs: number) => newRun({ jobId: 'job', trigger: 'manual', scheduledAtMs: atMs, dueAtMs: atMs, state: 'queued' });
  const waiting = queued(0);
  await store.write(async (tx) => {
    await insertCronRun(tx, waiting);
    for (let count = 1; count <= 510; count += 1) {
      const run = queued(count);
      await insertCronRun(tx, run);
      await endCronRun(tx, run.id, { state: 'done', finishedAtMs: count });
    }
  });
  const runs = await store.read((tx) => listCronRuns(tx, { jobId: 'job', limit: 1_000 }));
  expect(runs.map(({ scheduledAtMs }) => scheduledAtMs)).toEqual([...Array.from({ length: 500 }, (_run, index) => 510 - index), 0]);
  expect((await store.read((tx) => listUnfinishedRuns(tx, ['job']))).map(({ id }) => id)).toEqual([waiting.id]);
});
