/** What can be done with a job from wherever it is shown; each says what it did, and a deletion has a way back. */
import { signal } from '@preact/signals';
import type { Resource } from '../../api/use-resource.js';
import { errorText } from '../../components/feedback.js';
import { showToast, showUndo } from '../../components/toast.js';
import { changeQuery, hashOf, navigate } from '../../shell/router.js';
import { deleteJob, type Job, listJobs, restoreJob, runJob, toggleJob } from './cron-api.js';
import { t } from './text.js';

export interface JobActions {
  run(job: Job): void;
  /** A run of it once more. */
  again(job: Job, runId: string): void;
  toggle(job: Job): void;
  remove(job: Job): void;
}

/** Jobs that are deleted here, until a list does without them: one that was asked for before may still name them. */
const deleted = signal<ReadonlySet<string>>(new Set());

function setDeleted(id: string, isDeleted: boolean): void {
  const others = [...deleted.peek()].filter((known) => known !== id);
  deleted.value = new Set(isDeleted ? [...others, id] : others);
}

/** The jobs without those that are being deleted here. */
export async function listKeptJobs(abort: AbortSignal): Promise<readonly Job[]> {
  const jobs = await listJobs(abort);
  const named = new Set(jobs.map(({ id }) => id));
  deleted.value = new Set([...deleted.peek()].filter((id) => named.has(id)));
  return jobs.filter(({ id }) => !deleted.peek().has(id));
}

/** @param jobs  the list that is shown; it is read again after each change */
export function jobActions({ value = [], set, reload }: Resource<readonly Job[]>): JobActions {
  const attempt = (work: () => Promise<void>): void => {
    const failed = (error: unknown): void => {
      showToast({ text: errorText(error), kind: 'error' });
      reload();
    };
    work().then(reload, failed);
  };
  return {
    run: (job) =>
      attempt(async () => {
        await runJob(job.id);
        showToast({ text: t('started', { name: job.name }) });
        navigate(hashOf('cron', [job.id], { run: String(Date.now()) }));
      }),
    again: (job, runId) =>
      attempt(async () => {
        await runJob(job.id, runId);
        showToast({ text: t('triedAgain', { name: job.name }) });
        changeQuery({ run: String(Date.now()) });
      }),
    toggle: (job) =>
      attempt(async () => {
        const { enabled } = await toggleJob(job.id);
        showToast({ text: t(enabled ? 'isResumed' : 'isPaused', { name: job.name }) });
      }),
    remove: (job) =>
      attempt(async () => {
        // Gone from the page first: it must not ask for the history of what is no more.
        setDeleted(job.id, true);
        set(value.filter(({ id }) => id !== job.id));
        navigate(hashOf('cron'));
        await deleteJob(job.id).catch((error: unknown) => {
          setDeleted(job.id, false);
          throw error;
        });
        const restore = async (): Promise<void> => {
          await restoreJob(job.id);
          setDeleted(job.id, false);
        };
        showUndo(t('isDeleted', { name: job.name }), () => attempt(restore));
      }),
  };
}
