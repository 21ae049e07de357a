/** Requests about scheduled jobs. */
import type { CronJobList, CronRunPage, ListedCronJob } from '../../../../shared/api/cron.js';
import { apiPath, call } from '../../api/client.js';

export type Job = ListedCronJob;

/** Reads everything that the list shows. */
export function listJobs(signal: AbortSignal): Promise<CronJobList> {
  return call('GET', apiPath('/api/cron', {}, { include: 'runs,next,words' }), { signal });
}

export function listRuns(
  id: string,
  query: { limit: number; cursor?: string; failed?: 'true' },
  signal?: AbortSignal,
): Promise<CronRunPage> {
  return call('GET', apiPath('/api/cron/:id/runs', { id }, query), { signal });
}

/** Starts a job. @param again  the run to repeat @returns the id of the new run */
export async function runJob(id: string, again?: string): Promise<string> {
  const body = { job_id: id, ...(again === undefined ? {} : { run_id: again }) };
  return (await call<{ run_id: string }>('POST', '/api/cron/trigger', { body })).run_id;
}
