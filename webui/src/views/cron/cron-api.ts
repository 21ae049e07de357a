/** Requests about scheduled jobs. */
import type { CronJobList, CronRunPage, ListedCronJob } from '../../../../shared/api/cron.js';
import { apiPath, type Call, call } from '../../api/client.js';

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

/** Returns the call that starts a job. @param again  the run to repeat */
export function runCall(id: string, again?: string): Call {
  return { method: 'POST', path: '/api/cron/trigger', body: { job_id: id, ...(again === undefined ? {} : { run_id: again }) } };
}
