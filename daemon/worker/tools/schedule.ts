/** The tool `schedule`: sends a message, or asks an agent, at a later time. */
import { builtIn, type Tool } from './tool.js';

export interface ScheduledTask {
  /** Five or six cron fields, or the ISO 8601 time of a single run. */
  readonly schedule: string;
  readonly message: string;
  /** `direct` sends the message; `agent` gives it to an agent and sends the answer. */
  readonly mode: 'direct' | 'agent';
  /** IANA time zone of the cron fields. */
  readonly timezone?: string;
  /** The session whose chat gets the message. */
  readonly sessionKey: string;
  /** A repeated key schedules only once. */
  readonly key: string;
}

/** Runs tasks later. */
export interface TaskScheduler {
  /** @throws INVALID_REQUEST for a schedule that is invalid or never fires */
  schedule(task: ScheduledTask): Promise<{ id: string; nextRunAt: string }>;
}

export function createScheduleTool(scheduler: TaskScheduler): Tool {
  return builtIn({
    name: 'schedule',
    description: 'Schedules a message to this chat, once or repeatedly. Use the tool time first to get the current time.',
    fields: {
      schedule: {
        description: 'An ISO 8601 time with an offset to run once, or five cron fields, e.g. "0 9 * * 1".',
        maxLength: 200,
      },
      message: { description: 'The message to send; with mode agent, the message that you will receive.' },
      mode: { enum: ['direct', 'agent'], description: 'Default: direct.', isOptional: true },
      timezone: { description: 'IANA time zone of the cron fields.', maxLength: 64, isOptional: true },
    },
    hasEffects: true,
    async run({ mode = 'direct', ...task }, { sessionKey, callKey }) {
      const { id, nextRunAt } = await scheduler.schedule({ ...task, mode, sessionKey, key: callKey });
      return `Scheduled as ${id}; it runs next at ${nextRunAt}.`;
    },
  });
}
