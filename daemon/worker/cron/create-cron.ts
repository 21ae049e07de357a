/** Wires scheduled jobs: the service over them and the scheduler that runs them. */
import type { GatewayEvent } from '../../../shared/api/gateway/events.js';
import { DAY_MS } from '../../../shared/clock.js';
import type { Config } from '../../../shared/config/schema.js';
import { GatewayError } from '../../../shared/errors.js';
import type { Outbox } from '../delivery/outbox.js';
import type { OnMessageEnd } from '../delivery/record-attempt.js';
import type { ProviderRegistry } from '../providers/registry.js';
import { purgeInSteps } from '../store/conversations/purge.js';
import { purgeCronJobs, purgeDeletedCronJobs } from '../store/cron/cron-jobs.js';
import { purgeCronRuns } from '../store/cron/cron-runs.js';
import type { TraceStarter } from '../tracing/span.js';
import type { LiveTurns } from '../turns/live-turns.js';
import type { TurnRunner } from '../turns/turn-runner.js';
import { noteMessageEnd, type RunChange } from './finish.js';
import { JobChats, type JobChatsOptions } from './job-chat.js';
import { jobEvent } from './job-document.js';
import { createCronService } from './jobs.js';
import { CRON_UNDO_MS } from './policy.js';
import type { CronWords } from './preview.js';
import { JobRunner } from './run-job.js';
import { Scheduler } from './scheduler.js';
import type { Deps } from '../store/tasks/worker-deps.js';

export interface CronDeps extends JobChatsOptions, Deps<'store' | 'clock' | 'logger' | 'instanceId' | 'liveness'> {
  readonly registry: () => ProviderRegistry;
  readonly publish: (event: GatewayEvent) => void;
  readonly outbox: Pick<Outbox, 'compose' | 'enqueue' | 'wake'>;
  readonly live: Pick<LiveTurns, 'touch'>;
  loadCronWords(): CronWords;
  readonly tracing?: TraceStarter | undefined;
}

/** Removes expired runs, and jobs that fire no more or whose deletion can no longer be undone. `mayGoOn` is asked before each step. */
export async function purgeJobs(
  { store, publish, config }: Pick<CronDeps, 'store' | 'publish'> & { readonly config: () => Pick<Config, 'cron'> },
  { nowMs, mayGoOn }: { nowMs: number; mayGoOn: () => boolean },
): Promise<void> {
  const beforeMs = nowMs - config().cron.historyRetentionDays * DAY_MS;
  await purgeInSteps(store, (tx) => purgeCronRuns(tx, beforeMs), mayGoOn);
  await purgeInSteps(store, (tx) => purgeDeletedCronJobs(tx, nowMs - CRON_UNDO_MS), mayGoOn);
  if (!mayGoOn()) return;
  for (const id of await store.write((tx) => purgeCronJobs(tx, beforeMs))) publish(jobEvent(id, 'deleted'));
}

export function createCron(deps: CronDeps) {
  const { store, clock, logger, instanceId, channels, outbox, live, publish, config, registry } = deps;
  const chats = new JobChats(deps);
  function announce(changes: readonly RunChange[]): void {
    for (const { jobId, runId, state, chat } of changes) {
      publish(jobEvent(jobId, 'run', { runId, state }));
      if (chat === undefined) continue;
      outbox.wake(chat.lane);
      live.touch(chat.session.key);
    }
  }
  const scheduler = new Scheduler({
    store,
    clock,
    logger,
    instanceId,
    chats,
    announce,
    liveness: deps.liveness,
    settings: () => config().cron,
  });
  const service = createCronService({
    store,
    clock,
    channels,
    publish,
    config,
    loadWords: () => deps.loadCronWords(),
    checkModel: (ref) => void registry().resolve(ref),
    wakeScheduler: () => void scheduler.wake(),
  });
  return {
    service,
    /** Starts to run jobs. Only the one active worker does. */
    start(turns: Pick<TurnRunner, 'start'>): Promise<void> {
      const runner = new JobRunner({ store, clock, logger, chats, outbox, turns, tracing: deps.tracing, config, registry, announce });
      return scheduler.start((claimed, signal) => runner.run(claimed, signal));
    },
    /** Starts no more jobs; running ones continue until the turns are drained. */
    quiesce: () => scheduler.stop(),
    /** Stops running jobs and waits for them. */
    close: () => scheduler.close(new GatewayError('STOPPING', { message: 'the gateway is stopping or restarting' })),
    /** Applies a changed configuration. */
    reconfigure: () => void scheduler.wake(),
    purge: (nowMs: number, mayGoOn: () => boolean) => purgeJobs(deps, { nowMs, mayGoOn }),
    /** Counts the outcome of a run's message. */
    onMessageEnd: (async (tx, message) => {
      const change = await noteMessageEnd(tx, message, chats);
      return change && (() => announce([change]));
    }) satisfies OnMessageEnd,
  };
}
