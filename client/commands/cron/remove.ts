import { Command, Option } from 'clipanion';
import type { CronDeletion } from '../../../shared/api/cron.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import { BaseCommand } from '../../cli/base-command.js';
import { describeJob, type JobAnswer, jobPath } from './job.js';

const category = 'Scheduled jobs';

export class CronRemoveCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category,
    description: 'Delete a scheduled job with its history. It can be restored for seven days.',
    examples: [['By its id', 'xopc cron remove job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = jobPath(this.id);
    const { job, restorableUntil } = await this.request<CronDeletion>({ method: 'DELETE', path });
    return this.printResult(
      { job_id: this.id, removed: true, job, restorableUntil },
      `${this.id} removed`,
      `Until ${restorableUntil} it can be restored with: ${shellCommand`xopc cron restore ${this.id}`}`,
    );
  }
}

export class CronRestoreCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category,
    description: 'Restore a scheduled job that was deleted in the last seven days, with its history.',
    details: 'The job keeps its id. Occurrences missed meanwhile do not run later.',
    examples: [['By its id', 'xopc cron restore job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = `${jobPath(this.id)}/restore`;
    const answer = await this.request<JobAnswer>({ method: 'POST', path });
    return this.printResult(answer.job, ...describeJob(answer));
  }
}
