/** Puts scheduled jobs together: the scheduler, what its runs do, and the service over them. */
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import type { CronWords } from '../preview.js';
import { createTellChat, JobRunner } from '../run-job.js';
import type { RunChange } from '../run-rows.js';
import { Scheduler } from '../scheduler.js';
import type { CronService } from './cron-contract.js';
import type { GatewayEvent } from '../../contracts.js';
import { createCronService } from './cron.js';
import { jobEvent } from './cron-documents.js';
import { createCronActions, type CronActionsOptions } from './cron-actions.js';

export interface CronDeps extends CronActionsOptions {
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
  readonly publish: (event: GatewayEvent) => void;
  loadCronWords(): CronWords;
}

export interface CronParts {
  readonly service: CronService;
  /** What only the one active worker does. */
  start(): Promise<void>;
  /** Nothing new begins; what runs goes on, until the turns are drained. */
  quiesce(): Promise<void>;
  /** Waits for what still runs, which is cut. */
  close(): Promise<void>;
  /** The configuration has changed. */
  reconfigure(): void;
}

export function createCron(deps: CronDeps): CronParts {
  const { store, clock, logger, instanceId, channels, publish } = deps;
  const actions = createCronActions(deps);
  const tell = createTellChat(actions);
  function announce(changes: readonly RunChange[]): void {
    for (const { jobId, runId, state, told } of changes) {
      publish({ type: 'cron', job_id: jobId, change: 'run', run_id: runId, state });
      if (told !== undefined) actions.wake(told);
    }
  }
  const runner = new JobRunner({ store, clock, logger, actions, tell, announce });
  const scheduler = new Scheduler({
    store,
    clock,
    logger,
    instanceId,
    tell,
    announce,
    run: (claimed, signal) => runner.run(claimed, signal),
    announceDeleted: (ids) => ids.forEach((id) => publish(jobEvent(id, 'deleted'))),
    liveInstanceIds: () => deps.liveInstanceIds(),
    settings: () => deps.config().cron,
  });
  const service = createCronService({
    store,
    clock,
    channels,
    scheduler,
    publish,
    loadWords: () => deps.loadCronWords(),
    config: () => deps.config(),
    checkModel: (ref) => void deps.registry().resolve(ref),
  });
  return {
    service,
    start: () => scheduler.start(),
    quiesce: () => scheduler.stop(),
    close: () => scheduler.close(new GatewayError('STOPPING', { message: 'the gateway stops or restarts' })),
    reconfigure: () => void scheduler.wake(),
  };
}
