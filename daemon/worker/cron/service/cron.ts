/** Scheduled jobs for callers: made, changed, triggered and looked at. When they run is the scheduler's. */
import type { Clock } from '../../../../shared/clock.js';
import type { Config } from '../../../../shared/config/schema.js';
import { GatewayError } from '../../../../shared/errors.js';
import { newId } from '../../../../shared/ids.js';
import type { ChannelRegistry } from '../../channels/registry.js';
import { defaultGraceMs } from '../policy.js';
import { type CronWords, previewSchedule } from '../preview.js';
import { firstInstant, parseSchedule } from '../schedule.js';
import type { Scheduler } from '../scheduler.js';
import { resolveTimeZone } from '../time-zone.js';
import { countCronJobs, findCronJob, insertCronJob, listCronJobs, listCronJobsOfChat, updateCronJob } from '../../store/cron/cron-jobs.js';
import { endCronRun, listCronRuns, listLastRuns, listUnfinishedRuns } from '../../store/cron/cron-runs.js';
import { findOutboxMessage } from '../../store/delivery/outbox-pages.js';
import type { CronJobRow } from '../../store/schema.js';
import type { Store } from '../../store/store.js';
import { createRemoval } from './cron-removal.js';
import { findAgent } from '../../config/agents.js';
import type { GatewayEvent } from '../../contracts.js';
import type { CronJobDocument, CronJobInput, CronService } from './cron-contract.js';
import { jobEvent, jobNotFound, toJobDocument, toRunDocument } from './cron-documents.js';
import { planJobs } from './cron-plan.js';
import { triggerRun } from './cron-trigger.js';
import { type CallerKey, inOrder, keyUse, once } from '../../store/idempotency.js';
import { sessionOf } from '../../sessions/session-key.js';
import type { Transaction } from '../../store/transaction.js';

export interface CronServiceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly channels: ChannelRegistry;
  readonly scheduler: Pick<Scheduler, 'wake'>;
  readonly config: () => Config;
  /** @throws MODEL_NOT_FOUND */
  checkModel(ref: string): void;
  readonly publish: (event: GatewayEvent) => void;
  readonly loadWords: () => CronWords;
}

type JobValues = Omit<CronJobRow, 'seq' | 'id' | 'created_at' | 'failures' | 'deleted_at'>;

const MAX_JOBS = 10_000;
const DEFAULT_TIMEOUT_MS = 600_000;
const DEFAULT_LIMIT = 50;
const MAX_OF_CHAT = 200;
/** What a person looks for who looks for what went wrong. */
const FAILED_STATES = ['failed', 'interrupted', 'missed', 'skipped'] as const;

function wrong(field: string, message: string): GatewayError {
  return new GatewayError('INVALID_REQUEST', { message, details: { field } });
}

function titleOf(message: string): string {
  const [line = ''] = message.trim().split('\n');
  return Array.from(line).slice(0, 60).join('') || 'job';
}

/** What a caller gives takes the place of what was; a value that was taken away has its default again. */
function merge(
  input: CronJobInput,
  before: CronJobRow | undefined,
  defaults: { timezone: string },
): Omit<JobValues, 'anchor_at' | 'next_at' | 'grace_ms' | 'updated_at'> {
  const pick = <T>(given: T | undefined, kept: T | undefined, fallback: T): T => given ?? kept ?? fallback;
  const nullable = <T>(given: T | null | undefined, kept: T | null | undefined): T | null => (given === undefined ? (kept ?? null) : given);
  const message = pick(input.message, before?.message, '').toWellFormed();
  if (message === '') throw wrong('message', 'message is empty');
  return {
    name: pick(input.name, before?.name, titleOf(message)).toWellFormed(),
    schedule: pick(input.schedule, before?.schedule, ''),
    timezone: resolveTimeZone(pick(input.timezone, before?.timezone, defaults.timezone)),
    message,
    mode: pick(input.mode, before?.mode, 'direct'),
    channel: nullable(input.channel, before?.channel),
    account_id: nullable(input.accountId, before?.account_id),
    chat_id: nullable(input.chat_id, before?.chat_id),
    agent_id: nullable(input.agentId, before?.agent_id),
    session: pick(input.session, before?.session, 'isolated'),
    model: nullable(input.model, before?.model),
    overlap: pick(input.overlap, before?.overlap, 'skip'),
    missed: pick(input.missed, before?.missed, 'once'),
    interrupted: pick(input.interrupted, before?.interrupted, 'leave'),
    timeout_ms: pick(input.timeoutMs, before?.timeout_ms, DEFAULT_TIMEOUT_MS),
    retries: pick(input.retries, before?.retries, 3),
    notify_after: pick(input.notifyAfter, before?.notify_after, 3),
    alert_channel: nullable(input.alertChannel, before?.alert_channel),
    alert_account_id: nullable(input.alertAccountId, before?.alert_account_id),
    alert_chat_id: nullable(input.alertChatId, before?.alert_chat_id),
    enabled: Number(pick(input.enabled, before === undefined ? undefined : before.enabled === 1, true)),
  };
}

function createPlanner(options: CronServiceOptions): (input: CronJobInput, before: CronJobRow | undefined) => JobValues {
  const { clock, channels } = options;

  /** @throws CHANNEL_NOT_FOUND; INVALID_REQUEST */
  function checkChat(channel: string, wantedAccount: string | null, chatId: string): void {
    const { accountId } = channels.getAccount(channel, wantedAccount ?? undefined);
    sessionOf({ agentId: 'main', channel, accountId, peerId: chatId });
  }

  /** @throws CHANNEL_NOT_FOUND; INVALID_REQUEST; MODEL_NOT_FOUND */
  function checkTarget(job: ReturnType<typeof merge>): void {
    const { channel, chat_id: chatId } = job;
    if ((channel === null) !== (chatId === null))
      throw wrong(channel === null ? 'channel' : 'chat_id', 'channel and chat_id are given together or not at all');
    if (channel === null && job.mode === 'direct')
      throw wrong('channel', "channel and chat_id are missing: a message needs a chat (an agent's turn, mode 'agent', does not)");
    if (channel !== null && chatId !== null) checkChat(channel, job.account_id, chatId);
    const { alert_channel: alertChannel, alert_chat_id: alertChatId } = job;
    if ((alertChannel === null) !== (alertChatId === null))
      throw wrong(alertChannel === null ? 'alertChannel' : 'alertChatId', 'alertChannel and alertChatId are given together or not at all');
    if (alertChannel !== null && alertChatId !== null) checkChat(alertChannel, job.alert_account_id, alertChatId);
    if (job.agent_id !== null) findAgent(options.config(), job.agent_id);
    if (job.model !== null) options.checkModel(job.model);
  }

  /** A job with everything decided. A schedule that has not changed goes on where it was. */
  function plan(input: CronJobInput, before: CronJobRow | undefined): JobValues {
    const nowMs = clock.now();
    const job = merge(input, before, { timezone: options.config().cron.defaultTimezone });
    checkTarget(job);
    const isSame = before !== undefined && before.schedule === job.schedule && before.timezone === job.timezone;
    const anchorAt = isSame ? before.anchor_at : nowMs;
    const source = { schedule: job.schedule, timezone: job.timezone, anchorMs: anchorAt };
    const schedule = parseSchedule(source);
    const isResumed = before !== undefined && before.enabled === 0 && job.enabled === 1;
    // What passed while it was disabled is not made up for.
    const nextAt = isSame && !isResumed ? before.next_at : isSame ? schedule.next(nowMs) : firstInstant(schedule, source, nowMs);
    const graceMs = input.graceMs ?? (isSame ? before.grace_ms : defaultGraceMs(schedule, nowMs));
    return { ...job, anchor_at: anchorAt, next_at: nextAt, grace_ms: graceMs, updated_at: nowMs };
  }

  return plan;
}

async function load(tx: Transaction, id: string): Promise<CronJobRow> {
  const row = await findCronJob(tx, id);
  if (row === undefined) throw jobNotFound(id);
  return row;
}

type Reading = 'list' | 'listOfChat' | 'runs' | 'preview' | 'plan';

/** What waits of a schedule that is no more never runs. Runs in a write. @returns the runs that were dropped */
async function dropWaiting(
  tx: Transaction,
  { before, after }: { before: CronJobRow; after: CronJobRow },
  nowMs: number,
): Promise<string[]> {
  const isSame = before.schedule === after.schedule && before.timezone === after.timezone;
  if (isSame && after.enabled === 1) return [];
  const error = after.enabled === 1 ? 'the schedule was changed before it ran' : 'the job was disabled before it ran';
  const dropped: string[] = [];
  for (const run of await listUnfinishedRuns(tx, [before.id])) {
    if (run.state !== 'queued' || run.trigger !== 'schedule') continue;
    if (await endCronRun(tx, run.id, { state: 'skipped', finished_at: nowMs, error })) dropped.push(run.id);
  }
  return dropped;
}

export function createCronService(options: CronServiceOptions): CronService {
  const { store, clock, scheduler, publish } = options;
  const plan = createPlanner(options);

  async function change(id: string, decide: (before: CronJobRow) => CronJobInput, caller?: CallerKey): Promise<CronJobDocument> {
    const nowMs = clock.now();
    const { row, dropped, isRepeated } = await store.write(async (tx) => {
      let runs: string[] = [];
      const act = async (): Promise<string> => {
        const before = await load(tx, id);
        await updateCronJob(tx, id, plan(decide(before), before));
        runs = await dropWaiting(tx, { before, after: await load(tx, id) }, nowMs);
        return id;
      };
      const done = await once(tx, { use: keyUse('cron/toggle', caller, [id]), nowMs, act });
      return { ...done, row: await load(tx, id), dropped: runs };
    });
    if (isRepeated) caller?.onReplay?.();
    else publish(jobEvent(id, 'updated'));
    for (const runId of dropped) publish({ type: 'cron', job_id: id, change: 'run', run_id: runId, state: 'skipped' });
    void scheduler.wake();
    const [last] = await store.read((tx) => listCronRuns(tx, { jobId: id, limit: 1 }));
    return toJobDocument(row, last);
  }

  return {
    async create(input, caller) {
      const id = newId('job');
      const nowMs = clock.now();
      const { row, isRepeated } = await store.write(async (tx) => {
        const act = async (): Promise<string> => {
          if ((await countCronJobs(tx)) >= MAX_JOBS)
            throw new GatewayError('CONFLICT', { message: `there are ${MAX_JOBS} scheduled jobs`, hint: 'Delete some.' });
          await insertCronJob(tx, { ...plan(input, undefined), id, failures: 0, created_at: nowMs });
          return id;
        };
        const done = await once(tx, { use: keyUse('cron', caller, inOrder(input)), nowMs, act });
        return { row: await load(tx, done.result), ...done };
      });
      if (isRepeated) caller?.onReplay?.();
      else publish(jobEvent(id, 'created'));
      void scheduler.wake();
      return toJobDocument(row, undefined);
    },

    update: (id, input) => change(id, () => input),
    toggle: (id, caller) => change(id, (before) => ({ enabled: before.enabled !== 1 }), caller),

    ...createRemoval(options),

    trigger: (id, runId, caller) => triggerRun(options, { id, runId, caller }),

    ...createReading(options),
  };
}

/** What is only looked at. */
function createReading(options: CronServiceOptions): Pick<CronService, Reading> {
  const { store, clock } = options;
  let words: CronWords | undefined;
  const loadWords = (): CronWords => (words ??= options.loadWords());
  return {
    list: () =>
      store.read(async (tx) => {
        const last = new Map((await listLastRuns(tx)).map((run) => [run.job_id, run]));
        return (await listCronJobs(tx)).map((job) => toJobDocument(job, last.get(job.id)));
      }),

    async listOfChat(chat) {
      const jobs = await store.read((tx) => listCronJobsOfChat(tx, { ...chat, limit: MAX_OF_CHAT }));
      return jobs.map((job) => toJobDocument(job, undefined));
    },

    async runs(id, { limit = DEFAULT_LIMIT, cursor, failed = false }) {
      if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
        throw wrong('cursor', `cursor '${cursor.slice(0, 80)}' is none that this API gave`);
      return store.read(async (tx) => {
        await load(tx, id);
        const rows = await listCronRuns(tx, {
          jobId: id,
          limit: limit + 1,
          ...(failed ? { states: FAILED_STATES } : {}),
          ...(cursor === undefined ? {} : { beforeSeq: Number(cursor) }),
        });
        const page = rows.slice(0, limit);
        const runs = [];
        for (const row of page) {
          const message = row.message_id === null ? undefined : await findOutboxMessage(tx, row.message_id);
          runs.push(toRunDocument(row, message?.state ?? null));
        }
        return { runs, nextCursor: rows.length > limit ? String(page.at(-1)?.seq) : null };
      });
    },

    plan: (hours) => planJobs({ store, clock }, hours),

    async preview({ schedule, timezone = options.config().cron.defaultTimezone, count = 5 }) {
      const nowMs = clock.now();
      const { runs, ...rest } = previewSchedule({ schedule, timezone, anchorMs: nowMs }, { nowMs, count, loadWords });
      return { schedule, ...rest, runs: runs.map(({ atMs, local, note }) => ({ at: new Date(atMs).toISOString(), local, note })) };
    },
  };
}
