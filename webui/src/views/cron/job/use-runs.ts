/** The runs of a job, newest first, read again after each change of a run. */
import { useRef } from 'preact/hooks';
import type { CronRunDocument, CronRunPage } from '../../../../../shared/api/cron.js';
import { useLiveReload } from '../../../api/live-reload.js';
import { type Resource, useResource } from '../../../api/use-resource.js';
import { listRuns } from '../cron-api.js';

const PAGE_RUNS = 50;

export interface Runs extends Pick<Resource<CronRunPage>, 'value' | 'error' | 'reload'> {
  /** Reads the next page of older runs. */
  readonly more: () => Promise<void>;
}

/** Older runs that were read before stay behind the newest page. */
function joinPages(newest: CronRunPage, before: CronRunPage | undefined): CronRunPage {
  if (before === undefined || before.runs.length <= newest.runs.length) return newest;
  const known = new Set(newest.runs.map(({ id }) => id));
  return { runs: [...newest.runs, ...before.runs.filter(({ id }) => !known.has(id))], nextCursor: before.nextCursor };
}

export function useRuns(id: string, isFailedOnly: boolean): Runs {
  const failed = isFailedOnly ? ({ failed: 'true' } as const) : {};
  const latest = useRef<CronRunPage | undefined>(undefined);
  const read = async (signal: AbortSignal): Promise<CronRunPage> =>
    joinPages(await listRuns(id, { limit: PAGE_RUNS, ...failed }, signal), latest.current);
  const { value, error, reload, set } = useResource(read, [id]);
  latest.current = value;
  useLiveReload(['cron'], reload);
  const more = async (): Promise<void> => {
    if (value === undefined || value.nextCursor === null) return;
    const page = await listRuns(id, { limit: PAGE_RUNS, cursor: value.nextCursor, ...failed });
    set({ ...page, runs: [...value.runs, ...page.runs] });
  };
  return { value, error, reload, more };
}

export type Run = CronRunDocument;
