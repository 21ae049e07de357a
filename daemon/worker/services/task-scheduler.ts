/** Scheduling from within a conversation: what agents and `/remind` ask for becomes a job of that chat. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { SlashCommand } from '../agent/commands.js';
import type { ScheduledTask, TaskScheduler } from '../agent/task-scheduler.js';
import { parseInterval } from '../cron/schedule.js';
import type { CronJobDocument, CronJobInput } from './cron-contract.js';
import { parseSessionKey } from './session-key.js';

export interface TaskSchedulerOptions {
  /** Makes a job; the same key makes one. */
  readonly create: (input: CronJobInput, key?: string) => Promise<CronJobDocument>;
  readonly clock: Clock;
}

/** Sources of sessions that no message can be sent to. */
const NO_CHATS = new Set(['api', 'cron']);
const REMIND = /^(?:in\s+)?((?:\d+[smhdw])+)\s+([\s\S]+)$/i;
const REMIND_AT = /^(?:at\s+)?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)\s+([\s\S]+)$/i;
const USAGE = 'Write e.g. /remind 20m take the cake out, or /remind 2026-03-01T09:00 call Ann.';

/** @throws INVALID_REQUEST for a session that is no chat */
function chatOf(sessionKey: string): Pick<CronJobInput, 'channel' | 'accountId' | 'chat_id' | 'agentId'> {
  const session = parseSessionKey(sessionKey);
  if (session === undefined || NO_CHATS.has(session.channel)) {
    throw new GatewayError('INVALID_REQUEST', {
      message: 'this conversation is no chat that a message could be sent to later',
      hint: 'Do it in a chat, or with: xopc cron add',
    });
  }
  return { channel: session.channel, accountId: session.accountId, chat_id: session.peerId, agentId: session.agentId };
}

export function createTaskScheduler({ create }: TaskSchedulerOptions): TaskScheduler {
  return {
    async schedule({ schedule, message, mode, timezone, sessionKey, key }: ScheduledTask) {
      const job = await create({ ...chatOf(sessionKey), schedule, message, mode, ...(timezone === undefined ? {} : { timezone }) }, key);
      return { id: job.id, nextRunAt: job.nextRunAt ?? '' };
    },
  };
}

/** `/remind WHEN TEXT`. */
export function createRemindCommand({ create, clock }: TaskSchedulerOptions): SlashCommand {
  return {
    name: 'remind',
    summary: 'sends you a message later: /remind 20m TEXT, or /remind 2026-03-01T09:00 TEXT',
    async run({ args, sessionKey }) {
      const [, wait, later] = REMIND.exec(args) ?? [];
      const [, time, then] = REMIND_AT.exec(args) ?? [];
      const waitMs = wait === undefined ? undefined : parseInterval(wait.toLowerCase());
      const message = later ?? then;
      if (message === undefined || (waitMs !== undefined && waitMs > 3_660 * 86_400_000)) return USAGE;
      const schedule = waitMs === undefined ? `at ${time}` : `at ${new Date(clock.now() + waitMs).toISOString()}`;
      try {
        const job = await create({ ...chatOf(sessionKey), schedule, message: `⏰ ${message}`, mode: 'direct' });
        return `I will remind you at ${job.nextRunAt} (${job.id}).`;
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'INVALID_REQUEST') return `${error.message}. ${error.hint ?? ''}`.trim();
        throw error;
      }
    },
  };
}
