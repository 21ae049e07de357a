/** Converts a caller's input to a job with every field set and checked. */
import type { CronJobInput } from '../../../shared/api/cron.js';
import type { Clock } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { JOB_DEFAULTS } from '../../../shared/cron-job.js';
import { GatewayError } from '../../../shared/errors.js';
import { reason, type Reason, say } from '../../../shared/text/reasons.js';
import { hasVisibleText } from '../../../shared/text/storable.js';
import type { ChannelRegistry } from '../channels/registry.js';
import { findAgent } from '../config/agents.js';
import { sessionOf } from '../sessions/session-key.js';
import type { CronJob, CronJobSettings } from '../store/cron/cron-jobs.js';
import { defaultGraceMs } from './policy.js';
import { firstInstant, parseSchedule } from './schedule.js';
import { resolveTimeZone } from './time-zone.js';

export interface JobPlannerOptions {
  readonly clock: Clock;
  readonly channels: ChannelRegistry;
  readonly config: () => Config;
  /** @throws MODEL_NOT_FOUND */
  checkModel(ref: string): void;
}

/** The fields of a job before it has an id. */
export type PlannedJob = CronJobSettings &
  Pick<CronJob, 'isChatIdNumber' | 'isAlertChatIdNumber' | 'anchorMs' | 'nextAtMs' | 'updatedAtMs'>;

export function invalidField(field: string, why: Reason): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message: say(why), details: { field, ...why } });
}

/** Returns the name of a job created without one. */
function titleOf(message: string): string {
  const [line = ''] = message.trim().split('\n');
  return Array.from(line).slice(0, 60).join('') || 'job';
}

type Times = Pick<CronJobSettings, 'schedule' | 'timezone' | 'activeHours'>;

const hasSameTimes = (one: Times, other: Times): boolean => one.schedule === other.schedule && one.timezone === other.timezone;

/** Whether both fire at the same times. */
export function firesAlike(one: Times, other: Times): boolean {
  return hasSameTimes(one, other) && JSON.stringify(one.activeHours) === JSON.stringify(other.activeHours);
}

type GivenSettings = Partial<CronJobSettings>;

/** Returns the given fields, with defaults instead of nulls, and chat ids as text. */
function givenFields(input: CronJobInput, defaults: GivenSettings): GivenSettings {
  const fields = Object.entries(input).filter(([, value]) => value !== undefined);
  const isId = (name: string): boolean => name === 'chat_id' || name === 'alertChatId';
  const asStored = (name: string, value: unknown): unknown => {
    if (value === null) return defaults[name as keyof GivenSettings] ?? null;
    return typeof value === 'number' && isId(name) ? String(value) : value;
  };
  return Object.fromEntries(fields.map(([name, value]) => [name, asStored(name, value)])) as GivenSettings;
}

function numberFlags({ chat_id: id, alertChatId: alertId }: CronJobInput, before: CronJob | undefined) {
  const isNumber = (given: unknown, was = false): boolean => (given === undefined ? was : typeof given === 'number');
  return { isChatIdNumber: isNumber(id, before?.isChatIdNumber), isAlertChatIdNumber: isNumber(alertId, before?.isAlertChatIdNumber) };
}

/** @throws INVALID_REQUEST for a text without visible characters; a job keeps one that it already has, so that it can be disabled */
function checkTexts({ name, message }: CronJobInput, before: CronJob | undefined): void {
  const isKept = message === undefined && before !== undefined;
  if (!isKept && !hasVisibleText(message ?? '')) throw invalidField('message', reason('message-empty'));
  if (typeof name === 'string' && !hasVisibleText(name)) throw invalidField('name', reason('name-empty'));
}

/** Completes the fields of an input from the job before the change, or from the defaults. */
function complete(input: CronJobInput, before: CronJob | undefined, timezone: string): Omit<CronJobSettings, 'graceMs'> {
  checkTexts(input, before);
  const { message = before?.message ?? '', schedule = before?.schedule ?? '' } = input;
  const defaults = { ...JOB_DEFAULTS, name: titleOf(message), timezone, message, schedule };
  const settings = { ...(before ?? defaults), ...givenFields(input, defaults) };
  return {
    ...settings,
    name: settings.name.toWellFormed(),
    message: settings.message.toWellFormed(),
    timezone: resolveTimeZone(settings.timezone),
  };
}

/** Returns the grace period that a caller chose for the job; undefined if it is the default of its schedule. */
function chosenGraceMs(job: CronJob): number | undefined {
  return job.graceMs === defaultGraceMs(parseSchedule({ ...job, activeHours: null }), job.anchorMs) ? undefined : job.graceMs;
}

const ALERT_FIELDS = ['notifyAfter', 'alertChannel', 'alertChatId', 'alertAccountId', 'channel', 'chat_id', 'accountId'] as const;

/** Returns the failure count of a changed job: below `notifyAfter` if its notification was changed, so that a later failure notifies. */
export function failuresAfter(before: CronJob, after: CronJobSettings): number {
  const isNotifiedAlike = ALERT_FIELDS.every((field) => before[field] === after[field]);
  if (isNotifiedAlike || after.notifyAfter === 0) return before.failures;
  return Math.min(before.failures, after.notifyAfter - 1);
}

const TARGET_FIELDS = ['mode', 'agentId', 'model', ...ALERT_FIELDS] as const;

/** Whether a job may run where it could not before. Otherwise it is not checked, so that one whose agent is gone can be disabled. */
function isAimed(before: CronJob, after: Omit<CronJobSettings, 'graceMs'>): boolean {
  return (after.enabled && !before.enabled) || TARGET_FIELDS.some((field) => before[field] !== after[field]);
}

interface ChatOfJob extends Pick<CronJobSettings, 'mode' | 'accountId'> {
  readonly channel: string;
  readonly chatId: string;
}

export class JobPlanner {
  readonly #options: JobPlannerOptions;

  constructor(options: JobPlannerOptions) {
    this.#options = options;
  }

  /**
   * Plans a new job, or a change of `before`. The next occurrence of an unchanged schedule is kept. @throws INVALID_REQUEST that
   * names the field; CHANNEL_NOT_FOUND; MODEL_NOT_FOUND
   */
  plan(input: CronJobInput, before: CronJob | undefined): PlannedJob {
    const { clock, config } = this.#options;
    const nowMs = clock.now();
    const job = complete(input, before, config().cron.defaultTimezone);
    if (before === undefined || isAimed(before, job)) this.#checkTarget(job);
    const isSame = before !== undefined && firesAlike(before, job);
    const counted = before !== undefined && hasSameTimes(before, job) ? before : undefined;
    const anchorMs = counted?.anchorMs ?? nowMs;
    const { activeHours } = job;
    const source = { schedule: job.schedule, timezone: job.timezone, anchorMs, activeHours };
    const schedule = parseSchedule(source);
    const isResumed = before !== undefined && !before.enabled && job.enabled;
    // Occurrences missed while the job was disabled are not run later.
    const nextAtMs = isSame && !isResumed ? before.nextAtMs : firstInstant(schedule, source, nowMs);
    const { graceMs: wantedMs = counted?.graceMs ?? (before && chosenGraceMs(before)) } = input;
    const graceMs = wantedMs ?? defaultGraceMs(parseSchedule({ ...source, activeHours: null }), nowMs);
    return { ...job, ...numberFlags(input, before), graceMs, anchorMs, nextAtMs, updatedAtMs: nowMs };
  }

  #checkTarget(job: Omit<CronJobSettings, 'graceMs'>): void {
    const { channel, chat_id: chatId, alertChannel, alertChatId } = job;
    if ((channel === null) !== (chatId === null))
      throw invalidField(channel === null ? 'channel' : 'chat_id', reason('given-together', { first: 'channel', second: 'chat_id' }));
    if (channel === null && job.mode === 'direct') throw invalidField('channel', reason('chat-required'));
    if (channel !== null && chatId !== null) this.#checkChat({ mode: job.mode, channel, accountId: job.accountId, chatId });
    if ((alertChannel === null) !== (alertChatId === null)) {
      const field = alertChannel === null ? 'alertChannel' : 'alertChatId';
      throw invalidField(field, reason('given-together', { first: 'alertChannel', second: 'alertChatId' }));
    }
    if (alertChannel !== null && alertChatId !== null)
      this.#checkChat({ mode: 'direct', channel: alertChannel, accountId: job.alertAccountId, chatId: alertChatId });
    if (job.agentId !== null) findAgent(this.#options.config(), job.agentId);
    if (job.model !== null) this.#options.checkModel(job.model);
  }

  #checkChat({ mode, channel: name, accountId: wanted, chatId }: ChatOfJob): void {
    const { channel, accountId } = this.#options.channels.getAccount(name, wanted ?? undefined);
    if (mode === 'direct') channel.checkReceiver?.(accountId);
    sessionOf({ agentId: 'main', channel: name, accountId, peerId: chatId });
  }
}
