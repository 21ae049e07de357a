/** The runs of a job, newest first, read again after each change of a run. */
import type { CronRunDocument } from '../../../../../shared/api/cron.js';
import { useLiveReload } from '../../../api/live-reload.js';
import { type Pages, usePages } from '../../../api/use-pages.js';
import { listRuns } from '../cron-api.js';

const PAGE_RUNS = 50;

export type Run = CronRunDocument;
export type Runs = Pages<Run>;

export function useRuns(id: string, isFailedOnly: boolean): Runs {
  const failed = isFailedOnly ? ({ failed: 'true' } as const) : {};
  const runs = usePages(
    async (cursor, signal) => {
      const page = await listRuns(id, { limit: PAGE_RUNS, ...(cursor === undefined ? {} : { cursor }), ...failed }, signal);
      return { items: page.runs, nextCursor: page.nextCursor };
    },
    [id],
  );
  useLiveReload(['cron'], runs.refresh);
  return runs;
}
