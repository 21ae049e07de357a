import { Command, Option } from 'clipanion';
import { ApiCommand } from '../../api-command.js';
import { type CronJob, describeJob, jobPath } from './job.js';

const category = 'Scheduled jobs';

abstract class JobFieldsCommand extends ApiCommand {
  readonly name = Option.String('--name', { description: 'What it is called.' });
  readonly timezone = Option.String('--timezone', { description: 'IANA time zone; default: `cron.defaultTimezone`.' });
  readonly mode = Option.String('--mode', { description: 'direct: send the message; agent: an agent answers it.' });
  readonly channel = Option.String('--channel', { description: 'Where to send it.' });
  readonly chat = Option.String('--chat', { description: 'Which chat of the channel.' });
  readonly account = Option.String('--account', { description: 'Which account of the channel.' });

  protected fields(): Record<string, string> {
    const { name, timezone, mode, channel, chat: chat_id, account: accountId } = this;
    const given = Object.entries({ name, timezone, mode, channel, chat_id, accountId }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as Record<string, string>;
  }

  protected async printJob(job: CronJob): Promise<number> {
    if (this.json) await this.printJson(job);
    else await this.printLine(describeJob(job));
    return 0;
  }
}

export class CronAddCommand extends JobFieldsCommand {
  static override readonly paths = [['cron', 'add']];
  static override readonly usage = Command.Usage({
    category,
    description: 'Make a scheduled job.',
    details: "A schedule is five cron fields or six (seconds first), 'every 10m', or 'at 2026-03-01T09:00'.",
    examples: [['Workdays at nine', "xopc cron add '0 9 * * 1-5' 'Stand up' --channel webchat --chat me"]],
  });

  readonly schedule = Option.String({ name: 'schedule' });
  readonly message = Option.String({ name: 'message' });

  protected async run(): Promise<number> {
    const api = await this.connect();
    const body = { ...this.fields(), schedule: this.schedule, message: this.message };
    const { job } = await api.call<{ job: CronJob }>({ method: 'POST', path: '/api/cron/create', body });
    return this.printJob(job);
  }
}

export class CronEditCommand extends JobFieldsCommand {
  static override readonly paths = [['cron', 'edit']];
  static override readonly usage = Command.Usage({
    category,
    description: 'Change a scheduled job; what is not given stays.',
    examples: [['Another time', "xopc cron edit job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f --schedule '0 10 * * *'"]],
  });

  readonly id = Option.String({ name: 'id' });
  readonly schedule = Option.String('--schedule', { description: 'The new schedule; it counts from now.' });
  readonly message = Option.String('--message', { description: 'The new text.' });

  protected async run(): Promise<number> {
    const path = jobPath(this.id);
    const { schedule, message } = this;
    const body = { ...this.fields(), ...(schedule === undefined ? {} : { schedule }), ...(message === undefined ? {} : { message }) };
    const api = await this.connect();
    const { job } = await api.call<{ job: CronJob }>({ method: 'PATCH', path, body });
    return this.printJob(job);
  }
}

export class CronEnableCommand extends ApiCommand {
  static override readonly paths = [
    ['cron', 'enable'],
    ['cron', 'disable'],
  ];
  static override readonly usage = Command.Usage({
    category,
    description: 'Enable or disable a scheduled job. What passes while it is disabled is not made up for.',
    examples: [['Stop it for now', 'xopc cron disable job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = jobPath(this.id);
    const api = await this.connect();
    const { job } = await api.call<{ job: CronJob }>({ method: 'PATCH', path, body: { enabled: this.path.at(-1) === 'enable' } });
    if (this.json) await this.printJson(job);
    else await this.printLine(describeJob(job));
    return 0;
  }
}

export class CronRunCommand extends ApiCommand {
  static override readonly paths = [['cron', 'run']];
  static override readonly usage = Command.Usage({
    category,
    description: 'Run a scheduled job now.',
    examples: [['By its id', 'xopc cron run job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    jobPath(this.id);
    const api = await this.connect();
    const { run_id: runId } = await api.call<{ run_id: string }>({ method: 'POST', path: '/api/cron/trigger', body: { job_id: this.id } });
    if (this.json) await this.printJson({ job_id: this.id, run_id: runId });
    else await this.printLine(`${runId} triggered`);
    return 0;
  }
}

export class CronRemoveCommand extends ApiCommand {
  static override readonly paths = [['cron', 'remove']];
  static override readonly usage = Command.Usage({
    category,
    description: 'Delete a scheduled job with its history.',
    examples: [['By its id', 'xopc cron remove job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = jobPath(this.id);
    const api = await this.connect();
    await api.call({ method: 'DELETE', path });
    if (this.json) await this.printJson({ job_id: this.id, removed: true });
    else await this.printLine(`${this.id} removed`);
    return 0;
  }
}
