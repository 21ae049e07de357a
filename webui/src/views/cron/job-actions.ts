/** Actions on a job. A deletion can be undone. */
import type { CronJobList } from '../../../../shared/api/cron.js';
import { apiPath, call, request } from '../../api/client.js';
import type { Resource } from '../../api/use-resource.js';
import { makeOnce } from '../../components/form/make-once.js';
import { attempt, attemptOnce, showToast, showUndo } from '../../components/toast/toast.js';
import { address, hashOf, navigate, navigateLater } from '../../shell/router.js';
import { type Job, runCall } from './cron-api.js';
import { t } from './text.js';

export interface JobActions {
  /** Starts the job and opens the run. */
  run(job: Job): void;
  /** Repeats a run and opens the new one. */
  again(job: Job, runId: string): void;
  toggle(job: Job): void;
  remove(job: Job): void;
}

/** @param list  the list as shown now, which may change during a call; it is read again after each change */
export function jobActions(list: { readonly current: Resource<CronJobList> }): JobActions {
  const reload = (): void => list.current.reload();
  const change = (work: () => Promise<void>): void => void attempt(work).then(reload);
  const start = async (job: Job, again?: string): Promise<void> => {
    const navigateThen = navigateLater();
    const { run_id: id } = await makeOnce<{ run_id: string }>(runCall(job.id, again));
    const run = hashOf('cron', [job.id], { run: id });
    if (navigateThen(run)) return;
    showToast({ text: t('isStarted', { name: job.name }), action: { label: t('openRun'), run: () => navigate(run) } });
  };
  const open = (job: Job, again?: string): void => void attemptOnce(`run ${job.id} ${again}`, () => start(job, again)).then(reload);
  const remove = async (job: Job): Promise<void> => {
    const navigateThen = navigateLater();
    await request({ method: 'DELETE', path: apiPath('/api/cron/:id', { id: job.id }) });
    const { value, set } = list.current;
    // Before the step, which moves the focus to the content if it was in the row that is gone.
    if (value !== undefined) set({ ...value, jobs: value.jobs.filter(({ id }) => id !== job.id) });
    const { parts, query } = address.peek();
    // In the table, its search stays.
    navigateThen(hashOf('cron', [], parts.length === 0 ? query : {}));
    const restore = async (): Promise<void> => {
      await call('POST', apiPath('/api/cron/:id/restore', { id: job.id }));
    };
    showUndo(t('isDeleted', { name: job.name }), () => change(restore));
  };
  return {
    run: (job) => open(job),
    again: (job, runId) => open(job, runId),
    toggle: (job) =>
      change(async () => {
        const body = { enabled: !job.enabled };
        const { enabled } = (await call<{ job: Job }>('POST', apiPath('/api/cron/:id/toggle', { id: job.id }), { body })).job;
        showToast({ text: t(enabled ? 'isResumed' : 'isPaused', { name: job.name }) });
      }),
    remove: (job) => void attemptOnce(`delete ${job.id}`, () => remove(job)).then(reload),
  };
}
