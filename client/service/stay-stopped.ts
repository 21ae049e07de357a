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

/** The gateway can be stopped without its manager; that it may come back is then the least to say. */
async function tell(manager: ServiceManager, step: 'suspend' | 'settleStopped', note: StopAround['note']): Promise<void> {
  try {
    await manager[step]();
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await note(`${manager.title} could not be told to leave it stopped: ${error.message}`);
  }
}

/**
 * Stops the gateway of a configuration that is installed as a service: nothing starts it for a connection meanwhile, and
 * a start that the manager was about to make is called off. The supervisor is asked first, by `stop` itself.
 */
export async function stayStopped({ paths, note, stop }: StopAround): Promise<number> {
  const manager = chooseManager(paths);
  await tell(manager, 'suspend', note);
  const exitCode = await stop();
  if (exitCode === 0) await tell(manager, 'settleStopped', note);
  return exitCode;
}
