import { Command, Option } from 'clipanion';
import type { CronJobList, CronPreview, CronRunDocument, CronRunPage } from '../../../shared/api/cron.js';
import { BaseCommand } from '../../cli/base-command.js';
import { definedFields } from '../../../shared/fields.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { ListCommand } from '../../cli/list-command.js';
import { parseLimit } from '../../cli/parse-options.js';
import { disabledNote, jobPath } from './job.js';

const LIMITS = { default: 50, max: 200 };
const COUNTS = { default: 5, max: 100 };

/** How daylight saving affects a time. */
const NOTES: Readonly<Record<NonNullable<CronPreview['runs'][number]['note']>, string>> = {
  gap: '(moved: this hour is skipped by daylight saving)',
  repeated: '(this time occurs twice that day: first)',
  'repeated-again': '(this time occurs twice that day: second)',
};

/** Returns a run's state, with that of its message unless it is delivered: `done (retry_wait)`. */
function stateText({ state, delivery }: Pick<CronRunDocument, 'state' | 'delivery'>): string {
  const status = delivery?.status ?? 'delivered';
  return status === 'delivered' ? state : `${state} (${status})`;
}

/** Returns a note that nothing was sent, with the agent's reason. */
function silenceText({ nothingToReport: reason }: CronRunDocument): string | undefined {
  if (reason === null) return undefined;
  return reason === '' ? 'Nothing to report' : `Nothing to report: ${reason}`;
}

export class CronListCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Scheduled jobs',
    description: 'List the scheduled jobs.',
    examples: [
      ['All of them', 'xopc cron list'],
      ['Removed jobs that can be restored', 'xopc cron list --deleted'],
    ],
  });

  readonly deleted = Option.Boolean('--deleted', false, { description: 'List the jobs removed in the last seven days instead.' });

  protected async run(): Promise<number> {
    if (this.deleted) return this.#listDeleted();
    const { jobs, warning } = await this.request<CronJobList>({ method: 'GET', path: '/api/cron' });
    return this.printTable(
      { jobs },
      {
        columns: { ID: Infinity, 'NEXT RUN': 24, LAST: 18, SCHEDULE: 40, 'TIME ZONE': 32, NAME: 60 },
        rows: jobs.map(({ id, name, schedule, timezone, enabled, nextRunAt, lastRun }) => [
          id,
          enabled ? (nextRunAt ?? 'never') : 'disabled',
          lastRun === null ? '' : stateText(lastRun),
          schedule,
          timezone,
          name,
        ]),
        none: 'There are no scheduled jobs. Create one with: xopc cron add',
        notes: warning === undefined ? [] : [disabledNote(warning)],
      },
    );
  }

  async #listDeleted(): Promise<number> {
    const { jobs } = await this.request<CronJobList>({ method: 'GET', path: '/api/cron?deleted=true' });
    return this.printTable(
      { jobs },
      {
        columns: { ID: Infinity, 'RESTORABLE UNTIL': 24, SCHEDULE: 40, 'TIME ZONE': 32, NAME: 60 },
        rows: jobs.map(({ id, restorableUntil = '', schedule, timezone, name }) => [id, restorableUntil, schedule, timezone, name]),
        none: 'No job was removed in the last seven days.',
        notes: ['Restore one with: xopc cron restore ID'],
      },
    );
  }
}

export class CronHistoryCommand extends ListCommand {
  static override readonly usage = Command.Usage({
    category: 'Scheduled jobs',
    description: 'List the last runs of a job, newest first.',
    details: 'The log lines of a run have its id: `xopc gateway logs --grep runId:run_…`, or GET /api/logs?q=run_….',
    examples: [['By its id', 'xopc cron history job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });
  readonly failed = Option.Boolean('--failed', false, { description: 'Only runs that did not succeed.' });

  readonly limit = Option.String('-n,--limit', { description: `How many, 1 to ${LIMITS.max}; default ${LIMITS.default}.` });
  readonly cursor = Option.String('--cursor', { description: 'Continue after a page: its `nextCursor`.' });

  protected async run(): Promise<number> {
    const limit = String(parseLimit(this.limit, LIMITS));
    const query = new URLSearchParams({ limit, ...definedFields({ cursor: this.cursor, failed: this.failed ? 'true' : undefined }) });
    const path = `${jobPath(this.id)}/runs?${query.toString()}`;
    const { runs, nextCursor } = await this.request<CronRunPage>({ method: 'GET', path });
    const ms = (value: number | null): string => (value === null ? '' : `${value} ms`);
    const session = runs.find((run) => run.session !== null)?.session;
    return this.printTable(
      { runs, nextCursor },
      {
        columns: { SCHEDULED: 24, STATE: 18, ATTEMPT: 7, LATE: 16, TOOK: 16, RUN: Infinity, OUTPUT: 80 },
        rows: runs.map((run) => [
          run.scheduledAt,
          stateText(run),
          String(run.attempt),
          ms(run.latenessMs),
          ms(run.durationMs),
          run.id,
          run.error ?? run.delivery?.error ?? silenceText(run) ?? run.output ?? '',
        ]),
        none: this.failed ? 'No run of this job has failed.' : 'This job has not run yet.',
        notes: [
          ...(nextCursor === null ? [] : [`More with: ${shellCommand`--cursor ${nextCursor}`}`]),
          ...(typeof session === 'string'
            ? [`Continue in the last run’s session with: ${shellCommand`xopc agent --session ${session} TEXT`}`]
            : []),
        ],
      },
    );
  }
}

export class CronNextCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category: 'Scheduled jobs',
    description: 'Describe a schedule in words and list its next times.',
    examples: [['Workdays at nine', "xopc cron next '0 9 * * 1-5' --timezone Europe/Berlin"]],
  });

  readonly schedule = Option.String({ name: 'schedule' });
  readonly timezone = Option.String('--timezone', { description: 'IANA time zone; default: `cron.defaultTimezone`.' });
  readonly count = Option.String('--count', { description: `How many times, 1 to ${COUNTS.max}; default ${COUNTS.default}.` });
  readonly active = Option.String('--active', { description: 'Hours in which it may fire: 08:00-22:00.' });
  readonly days = Option.String('--days', { description: 'Days on which these hours begin: mon-fri, sat,sun.' });

  protected async run(): Promise<number> {
    const { schedule, timezone: zone, active, days } = this;
    const count = this.count === undefined ? undefined : String(parseLimit(this.count, { ...COUNTS, flag: '--count' }));
    const query = new URLSearchParams({ schedule, ...definedFields({ timezone: zone, count, active, days }) });
    const { timezone, words, warning, warningCode, runs } = await this.request<CronPreview>({
      method: 'GET',
      path: `/api/cron/preview?${query.toString()}`,
    });
    const times = runs.map(({ local, note }) => (note === null ? local : `${local} ${NOTES[note]}`));
    const text = [`${words.en} (${timezone})`, ...times].join('\n');
    return this.printResult({ timezone, words, warning, warningCode, runs }, text, warning ?? undefined);
  }
}
