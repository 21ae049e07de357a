/** Restarts a gateway that has exited, with its previous options. */
import type { StatusDocument } from '../../shared/control/messages.js';
import type { SupervisorBoot } from '../../shared/ipc/messages.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { definedFields } from '../../shared/fields.js';
import { startService } from '../service/await-service.js';
import { readListenSettings } from './gateway-settings.js';
import { requireGateway } from './locate-gateway.js';
import { startSupervisor } from './start-supervisor.js';

interface StartAgain {
  readonly paths: GatewayPaths;
  readonly environment: GatewayEnvironment;
  /** The path from `--config`. */
  readonly configPath: string | undefined;
  /** Lock of the gateway that has exited; undefined if none is known. */
  readonly before: LockRecord | undefined;
  /** Whether the service manager ran it or should run it now. */
  readonly isService: boolean;
}

/** The options that it was started with, as far as the lock shows them: an address that differs from the configured one. */
function flagsOf({ paths, environment, configPath, before }: StartAgain): SupervisorBoot['flags'] {
  const configured = readListenSettings(paths, environment);
  const { host, port } = before ?? configured;
  return definedFields({
    configPath,
    host: host === configured.host || host === '' ? undefined : host,
    port: port === configured.port || port === 0 ? undefined : port,
  });
}

/** @returns the status of the serving gateway @throws the error of the start or of the service manager */
export async function startAgain(start: StartAgain): Promise<StatusDocument> {
  if (start.isService) return startService(start.paths, start.before?.instanceId);
  await startSupervisor({ flags: flagsOf(start) });
  return (await requireGateway(start.paths)).status;
}
