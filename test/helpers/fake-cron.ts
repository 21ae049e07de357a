/** The service for scheduled jobs, in memory. Every call is written down. */
import type { CronService } from '../../daemon/worker/cron/jobs.js';
import type { CronJobDocument, CronRunDocument } from '../../shared/api/cron.js';
import { GatewayError } from '../../shared/errors.js';

const TIME = '2026-02-03T04:05:06.000Z';

export const fakeJob: CronJobDocument = {
  id: 'job_1',
  name: 'Report',
  schedule: '0 9 * * *',
  message: 'hello',
  mode: 'direct',
  channel: 'webchat',
  chat_id: 'me',
  accountId: null,
  agentId: null,
  session: 'isolated',
  timezone: 'Europe/Berlin',
  activeHours: null,
  dailyUsd: null,
  model: null,
  enabled: true,
  overlap: 'skip',
  missed: 'once',
  interrupted: 'leave',
  graceMs: 1,
  timeoutMs: 1_000,
  retries: 3,
  notifyAfter: 3,
  alertChannel: null,
  alertChatId: null,
  alertAccountId: null,
  failures: 0,
  nextRunAt: TIME,
  lastRun: {
    id: 'run_1',
    state: 'done',
    startedAt: TIME,
    finishedAt: TIME,
    session: null,
    delivery: { message_id: 'msg_1', status: 'dead', error: 'no such chat' },
  },
  createdAt: TIME,
  updatedAt: TIME,
};

export const fakeRun: CronRunDocument = {
  id: 'run_1',
  scheduledAt: TIME,
  trigger: 'schedule',
  attempt: 1,
  state: 'failed',
  dueAt: TIME,
  startedAt: TIME,
  finishedAt: TIME,
  latenessMs: 0,
  durationMs: 5,
  missedBefore: 0,
  model: null,
  inputTokens: null,
  outputTokens: null,
  costUsd: null,
  output: null,
  nothingToReport: null,
  session: null,
  error: 'no such chat',
  delivery: null,
};

export function fakeCronService(calls: { name: string; input: unknown }[]): CronService {
  const answer = <Result>(name: string, input: unknown, result: Result): Promise<Result> => {
    calls.push({ name, input });
    const isUnknown = JSON.stringify(input)?.includes('job_none') === true;
    return isUnknown
      ? Promise.reject(new GatewayError('JOB_NOT_FOUND', { message: "there is no scheduled job 'job_none'" }))
      : Promise.resolve(result);
  };
  const runs = [{ at: TIME, local: '2026-02-03T05:05:06+01:00', note: null }];
  return {
    warning: () => undefined,
    list: (input) => answer('cron.list', input, [fakeJob]),
    listOfChat: (chat) => answer('cron.listOfChat', chat, [fakeJob]),
    create: (input) => answer('cron.create', input, fakeJob),
    update: (id, input) => answer('cron.update', { id, ...input }, fakeJob),
    toggle: (id, enabled = false) => answer('cron.toggle', id, { ...fakeJob, enabled, nextRunAt: null }),
    delete: (id) => answer('cron.delete', id, { job: fakeJob, restorableUntil: TIME }),
    restore: (id) => answer('cron.restore', id, fakeJob),
    trigger: (id, asked) => answer('cron.trigger', asked?.runId === undefined ? id : { id, runId: asked.runId }, { runId: 'run_1' }),
    plan: (hours) =>
      answer('cron.plan', hours, {
        from: TIME,
        until: TIME,
        jobs: [{ id: 'job_1', name: 'Morning', mode: 'direct', runs: [TIME], isMore: false }],
        jobsLeftOut: 0,
      }),
    runs: (id, input) => answer('cron.runs', { id, ...input }, { runs: [fakeRun], nextCursor: null }),
    preview: (input) =>
      answer('cron.preview', input, {
        schedule: '0 9 * * *',
        timezone: 'UTC',
        words: { en: 'At 09:00', zh: '在09:00' },
        warning: null,
        warningCode: null,
        runs,
      }),
  };
}
