import { Command, Option } from 'clipanion';
import type { CronJobDocument, CronPreview, CronRunPage } from '../../../shared/api/cron.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderTable } from '../../output/table.js';
import { jobPath } from './job.js';

/** Effects of daylight saving on a time. */
const NOTES: Readonly<Record<NonNullable<CronPreview['runs'][number]['note']>, string>> = {
  gap: '(moved: the clocks skip the hour before)',
  repeated: '(this time comes twice that day: the first)',
  'repeated-again': '(this time comes twice that day: the second)',
};

export class CronListCommand extends BaseCommand {
  static override readonly paths = [['cron'], ['cron', 'list']];
  static override readonly usage = Command.Usage({
    category: 'Scheduled jobs',
    description: 'List the scheduled jobs.',
    examples: [['All of them', 'xopc cron list']],
  });

  protected async run(): Promise<number> {
    const api = await this.connect();
    const { jobs } = await api.call<{ jobs: CronJobDocument[] }>({ method: 'GET', path: '/api/cron' });
    if (this.json) await this.printJson({ jobs });
    else if (jobs.length === 0) await this.note('There are no scheduled jobs. Create one with: xopc cron add');
    else {
      const rows = jobs.map(({ id, name, schedule, timezone, enabled, nextRunAt, lastRun }) => [
        id,
        enabled ? (nextRunAt ?? 'never') : 'disabled',
        lastRun?.state ?? '',
        schedule,
        timezone,
        name,
      ]);
      await this.printLine(
        renderTable([['ID', 'NEXT RUN', 'LAST', 'SCHEDULE', 'TIME ZONE', 'NAME'], ...rows], [Infinity, 24, 11, 40, 32, 60]),
      );
    }
    return 0;
  }
}

export class CronHistoryCommand extends BaseCommand {
  static override readonly paths = [['cron', 'history']];
  static override readonly usage = Command.Usage({
    category: 'Scheduled jobs',
    description: 'List the last runs of a job, newest first.',
    details: 'The log lines of a run have its id: `xopc gateway logs --grep runId:run_…`, or GET /api/logs?q=run_….',
    examples: [['By its id', 'xopc cron history job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });
  readonly failed = Option.Boolean('--failed', false, { description: 'Only runs that did not succeed.' });

  protected async run(): Promise<number> {
    const path = `${jobPath(this.id)}/runs${this.failed ? '?failed=true' : ''}`;
    const api = await this.connect();
    const { runs, nextCursor } = await api.call<CronRunPage>({ method: 'GET', path });
    const ms = (value: number | null): string => (value === null ? '' : `${value} ms`);
    if (this.json) await this.printJson({ runs, nextCursor });
    else if (runs.length === 0) await this.note(this.failed ? 'No run of it has failed.' : 'It has not run yet.');
    else {
      const rows = runs.map((run) => [
        run.scheduledAt,
        run.state,
        String(run.attempt),
        ms(run.latenessMs),
        ms(run.durationMs),
        run.id,
        run.error ?? run.output ?? '',
      ]);
      await this.printLine(
        renderTable([['SCHEDULED', 'STATE', 'ATTEMPT', 'LATE', 'TOOK', 'RUN', 'OUTPUT'], ...rows], [24, 12, 7, 16, 16, Infinity, 80]),
      );
    }
    const session = runs.find((run) => run.session !== null)?.session;
    if (!this.json && typeof session === 'string')
      await this.note(`Continue in the last run’s session with: xopc agent --session '${session}' TEXT`);
    return 0;
  }
}

export class CronNextCommand extends BaseCommand {
  static override readonly paths = [['cron', 'next']];
  static override readonly usage = Command.Usage({
    category: 'Scheduled jobs',
    description: 'Describe a schedule in words and with its next times.',
    examples: [['Workdays at nine', "xopc cron next '0 9 * * 1-5' --timezone Europe/Berlin"]],
  });

  readonly schedule = Option.String({ name: 'schedule' });
  readonly timezone = Option.String('--timezone', { description: 'IANA time zone; default: `cron.defaultTimezone`.' });
  readonly count = Option.String('--count', { description: 'How many times, 1 to 100; default 5.' });

  protected async run(): Promise<number> {
    const query = new URLSearchParams({
      schedule: this.schedule,
      ...(this.timezone === undefined ? {} : { timezone: this.timezone }),
      ...(this.count === undefined ? {} : { count: this.count }),
    });
    const api = await this.connect();
    const { timezone, words, warning, runs } = await api.call<CronPreview>({
      method: 'GET',
      path: `/api/cron/preview?${query.toString()}`,
    });
    if (this.json) await this.printJson({ timezone, words, warning, runs });
    else {
      await this.printLine(`${words.en} · ${words.zh} (${timezone})`);
      for (const { local, note } of runs) await this.printLine(note === null ? local : `${local} ${NOTES[note]}`);
      if (warning !== null) await this.note(warning);
    }
    return 0;
  }
}
