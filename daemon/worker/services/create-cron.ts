/** Puts scheduled jobs together: the scheduler, what its runs do, and the service over them. */
import type { Clock } from '../../../shared/clock.js';
import { GatewayError } from '../../../shared/errors.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { createRunJob } from '../cron/run-job.js';
import { Scheduler } from '../cron/scheduler.js';
import type { CronService } from './cron-contract.js';
import { createCronService } from './cron.js';
import { createCronActions, type CronActionsOptions } from './cron-actions.js';

export interface CronDeps extends CronActionsOptions {
  readonly clock: Clock;
  readonly logger: LogPort;
  readonly instanceId: string;
  liveInstanceIds(): readonly string[];
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
  const { store, clock, logger, instanceId, channels } = deps;
  const run = createRunJob({ store, clock, logger, actions: createCronActions(deps) });
  const scheduler = new Scheduler({
    store,
    clock,
    logger,
    instanceId,
    run,
    liveInstanceIds: () => deps.liveInstanceIds(),
    settings: () => deps.config().cron,
  });
  const service = createCronService({
    store,
    clock,
    channels,
    scheduler,
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
