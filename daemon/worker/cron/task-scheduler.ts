/** Schedules jobs from within a conversation: for the tool `schedule` of agents and for the command `/remind`. */
import { ENABLE_JOBS } from '../../../shared/config/defaults.js';
import { sayOfAnswer } from '../../../shared/text/sentences/answer.js';
import type { CronJobDocument } from '../../../shared/api/cron.js';
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import { parseSessionKey } from '../sessions/session-key.js';
import type { ScheduledTask, TaskScheduler } from '../tools/schedule.js';
import type { CommandContext, SlashCommand } from '../turns/commands/commands.js';
import { parseInterval } from './schedule.js';
import { toZonedIso } from './time-zone.js';
import { type CronService, jobsDisabled } from './jobs.js';

/** The part of the cron service that a chat uses for its own jobs. */
export type ChatJobs = Pick<CronService, 'create' | 'listOfChat' | 'delete' | 'warning'>;

const MAX_LISTED = 20;
const MAX_WAIT_DAYS = 3_660;
const MAX_WAIT_MS = MAX_WAIT_DAYS * 86_400_000;
/** Channels of sessions that cannot receive a message. */
const UNREACHABLE_CHANNELS = new Set(['api', 'cron']);
/** In `1h 30m call Ann`, an amount with a unit at the start of the text is a part of the time. */
const REMIND = /^(?:in\s+)?(\d+[smhdw](?:\s*\d+[smhdw])*)\s+(?=\S)(?!\d+[smhdw](?:\s|$))([\s\S]+)$/i;
const REMIND_AT = /^(?:at\s+)?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)\s+([\s\S]+)$/i;
const TWO_DAYS_MS = 2 * 86_400_000;

const DISABLED = `${sayOfAnswer('jobs-disabled')}. ${ENABLE_JOBS}`;

/** Returns an example date that is in the future in every time zone. */
function usage(clock: Clock): string {
  const date = new Date(clock.now() + TWO_DAYS_MS).toISOString().slice(0, 10);
  return `Write e.g. /remind 20m take the cake out, or /remind ${date}T09:00 call Ann.`;
}

/** Returns the next time of a job as people see it: in its time zone. */
const timeOf = ({ timezone, nextRunAt }: CronJobDocument): string =>
  nextRunAt === null ? '' : toZonedIso(timezone, Date.parse(nextRunAt));

/** Names a chat of the page by its session, because each agent has chats of its own. @throws INVALID_REQUEST for a session that is not a chat */
function chatOf(sessionKey: string): { channel: string; accountId: string; chat_id: string; agentId: string } {
  const session = parseSessionKey(sessionKey);
  if (session === undefined || UNREACHABLE_CHANNELS.has(session.channel)) {
    throw new GatewayError('INVALID_REQUEST', {
      message: 'this conversation cannot receive a message later',
      hint: 'Schedule it in a chat, or with: xopc cron add',
    });
  }
  const { channel, accountId, agentId } = session;
  return { channel, accountId, chat_id: channel === 'webchat' ? session.key : session.peerId, agentId };
}

export function createTaskScheduler(jobs: Pick<ChatJobs, 'create' | 'warning'>): TaskScheduler {
  return {
    async schedule({ schedule, message, mode, timezone, sessionKey, key }: ScheduledTask) {
      if (jobs.warning() !== undefined) throw jobsDisabled();
      const job = await jobs.create(
        { ...chatOf(sessionKey), schedule, message, mode, ...(timezone === undefined ? {} : { timezone }) },
        { key },
      );
      return { id: job.id, nextRunAt: job.nextRunAt ?? '' };
    },
  };
}

interface RemindOptions {
  readonly jobs: ChatJobs;
  readonly clock: Clock;
}

/** Makes the command `/remind WHEN TEXT`, `/remind list`, `/remind cancel ID`. */
export function createRemindCommand(options: RemindOptions): SlashCommand {
  return {
    name: 'remind',
    summary: 'sends you a message later: /remind 20m TEXT, or /remind YYYY-MM-DDTHH:MM TEXT; also /remind list and /remind cancel ID',
    async run({ args, sessionKey, callKey }) {
      const [, verb, id] = /^(list|cancel)(?:\s+(\S+))?$/i.exec(args.trim()) ?? [];
      try {
        if (verb === undefined) return await remind(options, { args, sessionKey, callKey });
        return verb.toLowerCase() === 'list' ? await list(options, sessionKey) : await cancel(options.jobs, id, sessionKey);
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'INVALID_REQUEST') throw error;
        const { field, code } = (error.details ?? {}) as { field?: unknown; code?: unknown };
        // The API's hint names schedules that a reminder does not accept.
        if (field !== 'schedule') return `${error.message}. ${error.hint ?? ''}`.trim();
        return `${code === 'schedule-in-the-past' ? 'That time is in the past' : error.message}. ${usage(options.clock)}`;
      }
    },
  };
}

async function remind(
  { jobs, clock }: RemindOptions,
  { args, sessionKey, callKey }: Pick<CommandContext, 'args' | 'sessionKey' | 'callKey'>,
): Promise<string> {
  const [, wait, later] = REMIND.exec(args) ?? [];
  const [, time, then] = REMIND_AT.exec(args) ?? [];
  const message = later ?? then;
  if (message === undefined) return usage(clock);
  if (jobs.warning() !== undefined) return `Nothing was scheduled: ${DISABLED}`;
  const waitMs = wait === undefined ? undefined : (parseInterval(wait.replaceAll(/\s/g, '').toLowerCase()) ?? Infinity);
  if (waitMs !== undefined && waitMs > MAX_WAIT_MS) return `A reminder can be at most ${MAX_WAIT_DAYS} days away. ${usage(clock)}`;
  const schedule = waitMs === undefined ? `at ${time}` : `at ${new Date(clock.now() + waitMs).toISOString()}`;
  // Running the same command again does not create a second reminder; the time of the first run stands.
  const caller = { key: callKey, bodyHash: '' };
  const job = await jobs.create({ ...chatOf(sessionKey), schedule, message: `⏰ ${message}`, mode: 'direct' }, caller);
  return `I will remind you at ${timeOf(job)} (${job.id}). To cancel it: /remind cancel ${job.id}`;
}

/** Returns the jobs that report to the chat: reminders, and jobs scheduled by agents or people. */
function jobsOf(jobs: ChatJobs, sessionKey: string): Promise<CronJobDocument[]> {
  const { channel, accountId, chat_id: chatId } = chatOf(sessionKey);
  return jobs.listOfChat({ channel, accountId, chatId });
}

async function list({ jobs: chatJobs, clock }: RemindOptions, sessionKey: string): Promise<string> {
  const jobs = await jobsOf(chatJobs, sessionKey);
  if (jobs.length === 0) return `Nothing is scheduled for this chat. ${usage(clock)}`;
  const lines = jobs
    .slice(0, MAX_LISTED)
    .map((job) => `${timeOf(job)} ${job.name}${job.schedule.startsWith('at ') ? '' : ` (${job.schedule})`} ${job.id}`);
  if (jobs.length > MAX_LISTED) lines.push(`… and ${jobs.length - MAX_LISTED} more`);
  if (chatJobs.warning() !== undefined) lines.push(`None of these will be sent: ${DISABLED}`);
  return [...lines, 'Cancel one with: /remind cancel ID'].join('\n');
}

/** Cancels a job of this chat; jobs of other chats are not found. */
async function cancel(jobs: ChatJobs, id: string | undefined, sessionKey: string): Promise<string> {
  const job = (await jobsOf(jobs, sessionKey)).find((one) => one.id === id);
  if (job === undefined)
    return `${id === undefined ? 'Which one?' : `Nothing with the id ${id} is scheduled for this chat.`} See: /remind list`;
  await jobs.delete(job.id);
  return `Cancelled: ${job.name}`;
}
