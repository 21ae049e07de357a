/** A stop that the service manager does not undo. */
import { GatewayError } from '../../shared/errors.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { chooseManager } from './choose-manager.js';
import type { ServiceManager } from './service-manager.js';

export interface StopAround {
  readonly paths: GatewayPaths;
  readonly note: (text: string) => Promise<void>;
  /** Stops the gateway. @returns the command's exit code: only after 0 it is known to have stopped */
  readonly stop: () => Promise<number>;
}

/** Takes a step of the manager. A failure is only noted: the gateway can be stopped without its manager, which may start it again. */
async function tryStep(manager: ServiceManager, step: 'suspend' | 'confirmStopped', note: StopAround['note']): Promise<void> {
  try {
    await manager[step]();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await note(`${manager.title} could not be instructed to leave it stopped: ${error.message}`);
  }
}

/**
 * Stops the gateway of a configuration that is installed as a service: nothing starts it for a connection meanwhile, and
 * a start that the manager was about to make is called off. The supervisor is asked first, by `stop` itself.
 */
export async function stayStopped({ paths, note, stop }: StopAround): Promise<number> {
  const manager = chooseManager(paths);
  await tryStep(manager, 'suspend', note);
  const exitCode = await stop();
  if (exitCode === 0) await tryStep(manager, 'confirmStopped', note);
  return exitCode;
}
