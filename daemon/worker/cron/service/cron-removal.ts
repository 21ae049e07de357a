/** Jobs that are deleted, and brought back as they were: the same id, the same history. */
import { GatewayError } from '../../../../shared/errors.js';
import { CRON_UNDO_MS } from '../policy.js';
import { scheduleOf } from '../run-rows.js';
import { findCronJob, findDeletedCronJob, markCronJobDeleted, restoreCronJob } from '../../store/cron/cron-jobs.js';
import { endCronRun, listCronRuns, listUnfinishedRuns } from '../../store/cron/cron-runs.js';
import type { CronServiceOptions } from './cron.js';
import type { CronService } from './cron-contract.js';
import { jobEvent, jobNotFound, toJobDocument } from './cron-documents.js';

export function createRemoval(options: CronServiceOptions): Pick<CronService, 'delete' | 'restore'> {
  const { store, clock, scheduler, publish } = options;
  return {
    async delete(id) {
      const nowMs = clock.now();
      const { row, last } = await store.write(async (tx) => {
        const found = await findCronJob(tx, id);
        if (found === undefined) throw jobNotFound(id);
        // What waits never runs, and what runs is stopped by the scheduler: its row has ended.
        for (const run of await listUnfinishedRuns(tx, [id]))
          await endCronRun(tx, run.id, { state: 'skipped', finished_at: nowMs, error: 'the job was deleted' });
        await markCronJobDeleted(tx, id, nowMs);
        const [run] = await listCronRuns(tx, { jobId: id, limit: 1 });
        return { row: found, last: run };
      });
      publish(jobEvent(id, 'deleted'));
      void scheduler.wake();
      return { job: toJobDocument(row, last), restorableUntil: new Date(nowMs + CRON_UNDO_MS).toISOString() };
    },

    async restore(id) {
      const nowMs = clock.now();
      const { row, last } = await store.write(async (tx) => {
        if ((await findCronJob(tx, id)) !== undefined) {
          throw new GatewayError('CONFLICT', { message: `the scheduled job '${id}' is not deleted`, details: { job_id: id } });
        }
        const deleted = await findDeletedCronJob(tx, { id, afterMs: nowMs - CRON_UNDO_MS });
        if (deleted === undefined) throw jobNotFound(id);
        // What passed meanwhile is not made up for.
        await restoreCronJob(tx, id, { next_at: scheduleOf(deleted).next(nowMs), updated_at: nowMs });
        const [run] = await listCronRuns(tx, { jobId: id, limit: 1 });
        return { row: (await findCronJob(tx, id)) ?? deleted, last: run };
      });
      publish(jobEvent(id, 'created'));
      void scheduler.wake();
      return toJobDocument(row, last);
    },
  };
}
