/** Scheduling from within a conversation: what agents and `/remind` ask for becomes a job of that chat. */
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { CommandContext, SlashCommand } from './commands.js';
import type { ScheduledTask, TaskScheduler } from './task-port.js';
import { parseInterval } from '../../cron/schedule.js';
import type { CronJobDocument, CronService } from '../../cron/service/cron-contract.js';
import { parseSessionKey } from '../../sessions/session-key.js';

export interface TaskSchedulerOptions {
  /** Makes a job; the same key makes one. */
  readonly create: CronService['create'];
  readonly clock: Clock;
}

/** What `/remind` may do besides. */
export interface RemindOptions extends TaskSchedulerOptions {
  readonly listOfChat: (chat: ChatOfJobs) => Promise<CronJobDocument[]>;
  readonly remove: (id: string) => Promise<CronJobDocument>;
}

/** @param cron  is made later */
export function remindOptions(clock: Clock, cron: () => Pick<CronService, 'create' | 'listOfChat' | 'delete'>): RemindOptions {
  return {
    clock,
    create: (input, caller) => cron().create(input, caller),
    listOfChat: (chat) => cron().listOfChat(chat),
    remove: async (id) => (await cron().delete(id)).job,
  };
}

type ChatOfJobs = Parameters<CronService['listOfChat']>[0];

const MAX_LISTED = 20;
const MAX_WAIT_MS = 3_660 * 86_400_000;
/** Sources of sessions that no message can be sent to. */
const NO_CHATS = new Set(['api', 'cron']);
const REMIND = /^(?:in\s+)?((?:\d+[smhdw])+)\s+([\s\S]+)$/i;
const REMIND_AT = /^(?:at\s+)?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)\s+([\s\S]+)$/i;
const USAGE = 'Write e.g. /remind 20m take the cake out, or /remind 2026-03-01T09:00 call Ann.';

/** @throws INVALID_REQUEST for a session that is no chat */
function chatOf(sessionKey: string): { channel: string; accountId: string; chat_id: string; agentId: string } {
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
      const job = await create(
        { ...chatOf(sessionKey), schedule, message, mode, ...(timezone === undefined ? {} : { timezone }) },
        { key },
      );
      return { id: job.id, nextRunAt: job.nextRunAt ?? '' };
    },
  };
}

/** `/remind WHEN TEXT`, `/remind list`, `/remind cancel ID`. */
export function createRemindCommand(options: RemindOptions): SlashCommand {
  return {
    name: 'remind',
    summary: 'sends you a message later: /remind 20m TEXT, or /remind 2026-03-01T09:00 TEXT; also /remind list and /remind cancel ID',
    async run({ args, sessionKey, callKey }) {
      const [, verb, id] = /^(list|cancel)(?:\s+(\S+))?$/i.exec(args.trim()) ?? [];
      try {
        if (verb === undefined) return await remind(options, { args, sessionKey, callKey });
        return verb.toLowerCase() === 'list' ? await list(options, sessionKey) : await cancel(options, id, sessionKey);
      } catch (error) {
        if (error instanceof GatewayError && error.code === 'INVALID_REQUEST') return `${error.message}. ${error.hint ?? ''}`.trim();
        throw error;
      }
    },
  };
}

async function remind(
  { create, clock }: RemindOptions,
  { args, sessionKey, callKey }: Pick<CommandContext, 'args' | 'sessionKey' | 'callKey'>,
): Promise<string> {
  const [, wait, later] = REMIND.exec(args) ?? [];
  const [, time, then] = REMIND_AT.exec(args) ?? [];
  const waitMs = wait === undefined ? undefined : parseInterval(wait.toLowerCase());
  const message = later ?? then;
  if (message === undefined || (waitMs !== undefined && waitMs > MAX_WAIT_MS)) return USAGE;
  const schedule = waitMs === undefined ? `at ${time}` : `at ${new Date(clock.now() + waitMs).toISOString()}`;
  // Said once, it is one reminder, at the time that was counted first.
  const caller = { key: callKey, bodyHash: '' };
  const job = await create({ ...chatOf(sessionKey), schedule, message: `⏰ ${message}`, mode: 'direct' }, caller);
  return `I will remind you at ${job.nextRunAt} (${job.id}). Not after all? /remind cancel ${job.id}`;
}

/** What the chat waits for: reminders, and what agents or people scheduled for it. */
function jobsOf({ listOfChat }: RemindOptions, sessionKey: string): Promise<CronJobDocument[]> {
  const { channel, accountId, chat_id: chatId } = chatOf(sessionKey);
  return listOfChat({ channel, accountId, chatId });
}

async function list(options: RemindOptions, sessionKey: string): Promise<string> {
  const jobs = await jobsOf(options, sessionKey);
  if (jobs.length === 0) return `Nothing is scheduled for this chat. ${USAGE}`;
  const lines = jobs
    .slice(0, MAX_LISTED)
    .map(({ id, nextRunAt, schedule, name }) => `${nextRunAt} ${name}${schedule.startsWith('at ') ? '' : ` (${schedule})`} ${id}`);
  if (jobs.length > MAX_LISTED) lines.push(`… and ${jobs.length - MAX_LISTED} more`);
  return [...lines, 'Cancel one with: /remind cancel ID'].join('\n');
}

/** A chat cancels what is its own only. */
async function cancel(options: RemindOptions, id: string | undefined, sessionKey: string): Promise<string> {
  const job = (await jobsOf(options, sessionKey)).find((one) => one.id === id);
  if (job === undefined)
    return `${id === undefined ? 'Which one?' : `Nothing with the id ${id} is scheduled for this chat.`} See: /remind list`;
  await options.remove(job.id);
  return `Cancelled: ${job.name}`;
}
