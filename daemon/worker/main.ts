/** Entry of the worker: connects the supervisor's messages with the lifecycle, and reports failures before it exits. */
import { systemClock } from '../../shared/clock.js';
import { GatewayError, type Problem, toErrorDocument } from '../../shared/errors.js';
import type { WorkerBoot } from '../../shared/ipc/messages.js';
import { readBootDocument } from '../../shared/node/process/env.js';
import { limitGarbage } from '../../shared/node/process/heap.js';
import { startParentGuard } from '../../shared/node/process/parent-guard.js';
import { WorkerLifecycle } from './lifecycle.js';
import { SupervisorChannel } from './supervisor-channel.js';

export { warmUp } from './warm-up.js';

/** Reports a known reason for not starting and exits. Any other error is a crash, whose trace the supervisor reads. */
async function refuse(channel: SupervisorChannel, error: unknown): Promise<never> {
  if (!(error instanceof GatewayError)) throw error;
  const problems = (error.details?.['problems'] as Problem[] | undefined) ?? [];
  await channel.flush({ type: 'bootFailed', error: toErrorDocument(error), problems });
  process.exit(error.spec.exitCode);
}

async function leave(work: Promise<void>): Promise<void> {
  await work;
  process.exit(0);
}

/** Role `@worker`. */
export async function main(): Promise<undefined> {
  const boot = readBootDocument() as WorkerBoot;
  const channel = new SupervisorChannel(systemClock);
  // Only the supervisor stops a worker. A SIGTERM from elsewhere requests a replacement without downtime.
  process.on('SIGTERM', () => void channel.ask({ type: 'restart', reason: 'SIGTERM to the worker' }).catch(() => undefined));
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  try {
    const lifecycle = new WorkerLifecycle({ boot, channel, clock: systemClock });
    channel.receive(
      {
        listen: (message, handle) =>
          void lifecycle.listen(message, handle).then(
            // Started only now, because starting a thread takes milliseconds; until it runs, the end of the channel ends this
            // process. The limit holds for its heap as well, which would be collected again and again while it is that small.
            () => void startParentGuard(boot.supervisorPid).once('online', limitGarbage),
            (error: unknown) => refuse(channel, error),
          ),
        activate: () => void lifecycle.activate(),
        drain: (message) => void leave(lifecycle.drain(message)),
        reopenLogs: () => lifecycle.reopenLogs(),
        peers: (message) => lifecycle.peers(message),
        applyConfig: (message) => lifecycle.applyConfig(message),
      },
      () => process.exit(0),
    );
    process.on('uncaughtExceptionMonitor', (error) => lifecycle.fatal(error));
    await lifecycle.start();
  } catch (error) {
    await refuse(channel, error);
  }
  return undefined;
}
