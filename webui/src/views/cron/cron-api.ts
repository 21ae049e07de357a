/** Scheduled jobs over the API. */
import type { z } from 'zod';
import type {
  cronCreateRequest,
  cronJobDocument,
  cronJobResponse,
  cronListResponse,
  cronPreviewResponse,
  cronRunDocument,
  cronRunsResponse,
  cronTriggerResponse,
} from '../../../../shared/api/cron.js';
import { apiPath, call, type Call } from '../../api/client.js';

export type Job = z.output<ReturnType<typeof cronJobDocument>>;
export type JobInput = z.output<ReturnType<typeof cronCreateRequest>>;
export type Run = z.output<ReturnType<typeof cronRunDocument>>;
export type RunPage = z.output<ReturnType<typeof cronRunsResponse>>;
export type Preview = z.output<ReturnType<typeof cronPreviewResponse>>;
type JobAnswer = z.output<ReturnType<typeof cronJobResponse>>;

const PREVIEWED_RUNS = 5;

export async function listJobs(signal: AbortSignal): Promise<readonly Job[]> {
  return (await call<z.output<ReturnType<typeof cronListResponse>>>('GET', '/api/cron', { signal })).jobs;
}

export function listRuns(id: string, query: { limit: number; cursor?: string; failed?: 'true' }, signal?: AbortSignal): Promise<RunPage> {
  return call('GET', apiPath('/api/cron/:id/runs', { id }, query), signal === undefined ? {} : { signal });
}

export function previewSchedule(schedule: string, timezone: string, signal: AbortSignal): Promise<Preview> {
  const zone = timezone.trim();
  const query = { schedule, timezone: zone === '' ? undefined : zone, count: PREVIEWED_RUNS };
  return call('GET', apiPath('/api/cron/preview', {}, query), { signal });
}

/** What a form asks for: a new job, or what is different from the one that it changes. */
export function saveCall(input: JobInput, job: Job | undefined): Call {
  if (job === undefined) return { method: 'POST', path: '/api/cron/create', body: input };
  const before: Readonly<Record<string, unknown>> = job;
  const body = Object.fromEntries(Object.entries(input).filter(([name, value]) => value !== before[name]));
  return { method: 'PATCH', path: apiPath('/api/cron/:id', { id: job.id }), body };
}

export async function saveJob(input: JobInput, job: Job | undefined): Promise<Job> {
  const { method, path, body } = saveCall(input, job);
  return (await call<JobAnswer>(method, path, { body })).job;
}

export async function toggleJob(id: string): Promise<Job> {
  return (await call<JobAnswer>('POST', apiPath('/api/cron/:id/toggle', { id }))).job;
}

/** @param again  the run that is tried once more */
export async function runJob(id: string, again?: string): Promise<string> {
  const body = { job_id: id, ...(again === undefined ? {} : { run_id: again }) };
  return (await call<z.output<ReturnType<typeof cronTriggerResponse>>>('POST', '/api/cron/trigger', { body })).run_id;
}

export async function deleteJob(id: string): Promise<void> {
  await call('DELETE', apiPath('/api/cron/:id', { id }));
}

/** The same job again, with its history. */
export async function restoreJob(id: string): Promise<Job> {
  return (await call<JobAnswer>('POST', apiPath('/api/cron/:id/restore', { id }))).job;
}
