/** The tool `schedule`: sends a message, or asks an agent, at a later time. */
import { GatewayError } from '../../../shared/errors.js';
import { readInput, readOptionalText, readText, type Tool, ToolError } from './tool.js';

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

const KEYS = ['schedule', 'message', 'mode', 'timezone'];

function readMode(mode: string | undefined): 'direct' | 'agent' {
  if (mode === undefined || mode === 'direct') return 'direct';
  if (mode === 'agent') return mode;
  throw new ToolError(`'mode' is '${mode}'; it must be direct or agent`);
}

export function createScheduleTool(scheduler: TaskScheduler): Tool {
  return {
    definition: {
      name: 'schedule',
      description: 'Schedules a message to this chat, once or repeatedly. Use the tool time first to get the current time.',
      inputSchema: {
        type: 'object',
        properties: {
          schedule: { type: 'string', description: 'An ISO 8601 time with an offset to run once, or five cron fields, e.g. "0 9 * * 1".' },
          message: { type: 'string', description: 'The message to send; with mode agent, the message that you will receive.' },
          mode: { type: 'string', enum: ['direct', 'agent'], description: 'Default: direct.' },
          timezone: { type: 'string', description: 'IANA time zone of the cron fields.' },
        },
        required: ['schedule', 'message'],
        additionalProperties: false,
      },
    },
    hasEffects: true,
    isRepeatable: true,
    isBuiltIn: true,
    async run(input, { sessionKey, callKey }) {
      const fields = readInput(input, KEYS);
      const timezone = readOptionalText(fields, 'timezone', 64);
      const task = {
        schedule: readText(fields, 'schedule', 200),
        message: readText(fields, 'message'),
        mode: readMode(readOptionalText(fields, 'mode')),
      };
      try {
        const { id, nextRunAt } = await scheduler.schedule({
          ...task,
          ...(timezone === undefined ? {} : { timezone }),
          sessionKey,
          key: callKey,
        });
        return `Scheduled as ${id}; it runs next at ${nextRunAt}.`;
      } catch (error) {
        if (error instanceof GatewayError && error.spec.expose) throw new ToolError(error.message);
        throw error;
      }
    },
  };
}
