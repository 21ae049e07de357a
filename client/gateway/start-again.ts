/** Starts a gateway that has ended, as it ran before. */
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
  /** What `--config` named. */
  readonly configPath: string | undefined;
  /** Lock of the gateway that has ended; undefined where nothing is known of one. */
  readonly before: LockRecord | undefined;
  /** The service manager ran it, or is to. */
  readonly isService: boolean;
}

/** The options that it was started with, as far as its lock shows them: an address other than the configured one. */
function flagsOf({ paths, environment, configPath, before }: StartAgain): SupervisorBoot['flags'] {
  const configured = readListenSettings(paths, environment);
  const { host, port } = before ?? configured;
  return definedFields({
    configPath,
    host: host === configured.host || host === '' ? undefined : host,
    port: port === configured.port || port === 0 ? undefined : port,
  });
}

/** @returns the status of the gateway, which serves @throws what the start or the service manager reports */
export async function startAgain(start: StartAgain): Promise<StatusDocument> {
  if (start.isService) return startService(start.paths, start.before?.instanceId);
  await startSupervisor({ flags: flagsOf(start) });
  return (await requireGateway(start.paths)).status;
}
