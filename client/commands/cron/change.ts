import { Command, Option } from 'clipanion';
import type { CronJobDocument } from '../../../shared/api/cron.js';
import { definedFields } from '../../../shared/fields.js';
import type { ActiveHours } from '../../../shared/text/active-hours.js';
import { shellCommand } from '../../../shared/text/shell-word.js';
import type { ApiRequest } from '../../api/api-client.js';
import { BaseCommand } from '../../cli/base-command.js';
import { describeJob, inOptions, isHalfOfHours, JOB_FLAGS, readHours, type JobAnswer, type JobFlag, jobPath } from './job.js';
import { readMessage } from '../../cli/read-input.js';
import { usage } from '../../cli/usage.js';

const category = 'Scheduled jobs';

/** The flags are properties by their own names, as {@link JOB_FLAGS} lists them. */
abstract class JobFieldsCommand extends BaseCommand implements Record<JobFlag, string | undefined> {
  readonly name = Option.String('--name', { description: 'Name of the job.' });
  readonly timezone = Option.String('--timezone', { description: 'IANA time zone; default: `cron.defaultTimezone`.' });
  readonly active = Option.String('--active', { description: 'Hours in which it may fire: 08:00-22:00; others are skipped.' });
  readonly days = Option.String('--days', { description: 'Days on which these hours begin: mon-fri, sat,sun.' });
  readonly mode = Option.String('--mode', { description: 'direct: send the message; agent: an agent answers it.' });
  readonly channel = Option.String('--channel', { description: 'Channel to send it to.' });
  readonly chat = Option.String('--chat', { description: 'Chat id in the channel.' });
  readonly account = Option.String('--account', { description: 'Account of the channel.' });
  readonly agent = Option.String('--agent', { description: 'Agent that answers.' });
  readonly model = Option.String('--model', { description: 'Model that answers: provider/model.' });
  readonly 'daily-usd' = Option.String('--daily-usd', {
    description: 'What it may spend on models per day, in US dollars; default: `cron.jobDailyUsd`.',
  });

  readonly session = Option.String('--session', { description: 'main: in the chat’s conversation; isolated: in a separate one.' });
  readonly overlap = Option.String('--overlap', {
    description: 'While the previous run is in progress: skip the new one, queue it, or replace the previous one.',
  });
  readonly missed = Option.String('--missed', { description: 'Due while the gateway was down: once (within the grace period) or skip.' });
  readonly interrupted = Option.String('--interrupted', { description: 'An interrupted turn: leave it, or continue it.' });
  readonly grace = Option.String('--grace', { description: 'How late it may run: 10m, 2h.' });
  readonly timeout = Option.String('--timeout', { description: 'How long a turn may take: 90s, 10m.' });
  readonly retries = Option.String('--retries', { description: 'How often a failed run is retried.' });
  readonly 'notify-after' = Option.String('--notify-after', {
    description: 'Consecutive failures after which the chat is notified; 0: never.',
  });

  readonly 'alert-channel' = Option.String('--alert-channel', { description: 'Channel of the chat to notify instead of the job’s own.' });
  readonly 'alert-chat' = Option.String('--alert-chat', { description: 'Chat of that channel.' });
  readonly 'alert-account' = Option.String('--alert-account', { description: 'Account of that channel.' });

  /** @param hours  the current active hours of the job that is changed */
  protected fields(hours?: ActiveHours | null): Record<string, unknown> {
    const given = JOB_FLAGS.flatMap(({ flag, field, read }) => {
      const text = this[flag];
      return text === undefined ? [] : [[field, read(text, `--${flag}`)] as const];
    });
    return { ...Object.fromEntries(given), ...definedFields({ activeHours: readHours(this, hours) }) };
  }

  /** Returns the message; `-` reads it from standard input. */
  protected readText(message: string): Promise<string> {
    return readMessage([message], this.context.stdin, "xopc cron add '0 9 * * 1-5' 'Stand up' --channel webchat --chat me");
  }

  protected async send(request: ApiRequest): Promise<JobAnswer> {
    try {
      return await this.request<JobAnswer>(request);
    } catch (error) {
      throw inOptions(error);
    }
  }
}

export class CronAddCommand extends JobFieldsCommand {
  static override readonly usage = Command.Usage({
    category,
    description: 'Create a scheduled job.',
    details:
      "A schedule is five cron fields or six (seconds first), 'every 10m', or 'at 2026-03-01T09:00'. With `-`, the message is read from standard input.",
    examples: [['Workdays at nine', "xopc cron add '0 9 * * 1-5' 'Stand up' --channel webchat --chat me"]],
  });

  readonly schedule = Option.String({ name: 'schedule' });
  readonly message = Option.String({ name: 'message' });
  readonly disabled = Option.Boolean('--disabled', false, { description: 'Create it disabled.' });

  protected async run(): Promise<number> {
    const message = await this.readText(this.message);
    const body = { ...this.fields(), schedule: this.schedule, message, ...(this.disabled ? { enabled: false } : {}) };
    const answer = await this.send({ method: 'POST', path: '/api/cron/create', body });
    return this.printResult(answer.job, ...describeJob(answer));
  }
}

export class CronEditCommand extends JobFieldsCommand {
  static override readonly usage = Command.Usage({
    category,
    description: 'Change a scheduled job. Omitted fields are unchanged; an empty text gives a field its default.',
    examples: [['Another time', "xopc cron edit job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f --schedule '0 10 * * *'"]],
  });

  readonly id = Option.String({ name: 'id' });
  readonly schedule = Option.String('--schedule', { description: 'The new schedule; it counts from now.' });
  readonly message = Option.String('--message', { description: 'The new text; `-` reads it from standard input.' });

  protected async run(): Promise<number> {
    const path = jobPath(this.id);
    const { schedule } = this;
    const message = this.message && (await this.readText(this.message));
    const body = { ...this.fields(isHalfOfHours(this) ? await this.#readHours() : null), ...definedFields({ schedule, message }) };
    if (Object.keys(body).length === 0) throw usage('no changes given', 'e.g. --schedule, --message; all: xopc cron edit --help');
    const answer = await this.send({ method: 'PATCH', path, body });
    return this.printResult(answer.job, ...describeJob(answer));
  }

  /** Returns the job's active hours; null also if the job does not exist, because the change itself reports that. */
  async #readHours(): Promise<ActiveHours | null> {
    const { jobs } = await this.request<{ jobs: CronJobDocument[] }>({ method: 'GET', path: '/api/cron' });
    return jobs.find(({ id }) => id === this.id)?.activeHours ?? null;
  }
}

export class CronEnableCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category,
    description: 'Enable or disable a scheduled job. Occurrences missed while it is disabled do not run later.',
    examples: [['Stop it for now', 'xopc cron disable job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f']],
  });

  readonly id = Option.String({ name: 'id' });

  protected async run(): Promise<number> {
    const path = jobPath(this.id);
    const body = { enabled: this.path.at(-1) === 'enable' };
    const answer = await this.request<JobAnswer>({ method: 'PATCH', path, body });
    return this.printResult(answer.job, ...describeJob(answer));
  }
}

export class CronRunCommand extends BaseCommand {
  static override readonly usage = Command.Usage({
    category,
    description: 'Run a scheduled job now, or retry one of its failed runs.',
    examples: [
      ['By its id', 'xopc cron run job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f'],
      ['Retry a failed run', 'xopc cron run job_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f --again run_0192f3c2a1b47c3e9d5f6a7b8c9d0e1f'],
    ],
  });

  readonly id = Option.String({ name: 'id' });
  readonly again = Option.String('--again', { description: 'The run to retry; see: xopc cron history --failed' });

  protected async run(): Promise<number> {
    jobPath(this.id);
    const body = { job_id: this.id, ...definedFields({ run_id: this.again }) };
    const { run_id: runId } = await this.request<{ run_id: string }>({ method: 'POST', path: '/api/cron/trigger', body });
    return this.printResult(
      { job_id: this.id, run_id: runId },
      `${runId} triggered`,
      `See the result with: ${shellCommand`xopc cron history ${this.id}`}`,
    );
  }
}
