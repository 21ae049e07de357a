/** Actions on a job. A deletion can be undone. */
import { signal } from '@preact/signals';
import type { CronJobList } from '../../../../shared/api/cron.js';
import { apiPath, type Call, call, request } from '../../api/client.js';
import { keepInstead } from '../../api/copy-mode.js';
import type { Resource } from '../../api/use-resource.js';
import { attempt, attemptOnce, showToast, showUndo } from '../../components/toast/toast.js';
import { hashOf, navigate, navigateLater } from '../../shell/router.js';
import { type Job, listJobs, runJob } from './cron-api.js';
import { t } from './text.js';

export interface JobActions {
  /** Starts the job and opens the run. */
  run(job: Job): void;
  /** Repeats a run and opens the new one. */
  again(job: Job, runId: string): void;
  toggle(job: Job): void;
  remove(job: Job): void;
}

/** Jobs deleted here that a list may still name, because it was requested before. */
const deleted = signal<ReadonlySet<string>>(new Set());

function setDeleted(id: string, isDeleted: boolean): void {
  const others = [...deleted.peek()].filter((known) => known !== id);
  deleted.value = new Set(isDeleted ? [...others, id] : others);
}

/** Lists the jobs without those that are being deleted here. */
export async function listKeptJobs(abort: AbortSignal): Promise<CronJobList> {
  const { jobs, ...list } = await listJobs(abort);
  const named = new Set(jobs.map(({ id }) => id));
  deleted.value = new Set([...deleted.peek()].filter((id) => named.has(id)));
  return { ...list, jobs: jobs.filter(({ id }) => !deleted.peek().has(id)) };
}

/** @param jobs  the shown list; it is read again after each change */
export function jobActions({ value, set, reload }: Resource<CronJobList>): JobActions {
  const change = (work: () => Promise<void>): void => void attempt(work).then(reload);
  const start = async (job: Job, again?: string): Promise<void> => {
    const navigateThen = navigateLater();
    const run = hashOf('cron', [job.id], { run: await runJob(job.id, again) });
    if (navigateThen(run)) return;
    showToast({ text: t('isStarted', { name: job.name }), action: { label: t('openRun'), run: () => navigate(run) } });
  };
  const open = (job: Job, again?: string): void => void attemptOnce(`run ${job.id} ${again}`, () => start(job, again)).then(reload);
  return {
    run: (job) => open(job),
    again: (job, runId) => open(job, runId),
    toggle: (job) =>
      change(async () => {
        const body = { enabled: !job.enabled };
        const { enabled } = (await call<{ job: Job }>('POST', apiPath('/api/cron/:id/toggle', { id: job.id }), { body })).job;
        showToast({ text: t(enabled ? 'isResumed' : 'isPaused', { name: job.name }) });
      }),
    remove: (job) =>
      change(async () => {
        const deletion: Call = { method: 'DELETE', path: apiPath('/api/cron/:id', { id: job.id }) };
        // Before the page leaves the job: in copy mode it stays.
        keepInstead(deletion);
        // The page drops the job first, so that it does not request the history of a deleted job.
        setDeleted(job.id, true);
        if (value !== undefined) set({ ...value, jobs: value.jobs.filter(({ id }) => id !== job.id) });
        navigate(hashOf('cron'));
        await request(deletion).catch((error: unknown) => {
          setDeleted(job.id, false);
          throw error;
        });
        const restore = async (): Promise<void> => {
          await call('POST', apiPath('/api/cron/:id/restore', { id: job.id }));
          setDeleted(job.id, false);
        };
        showUndo(t('isDeleted', { name: job.name }), () => change(restore));
      }),
  };
}
