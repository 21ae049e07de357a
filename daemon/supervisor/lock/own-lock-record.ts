/** The lock record that names this process. */
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import { selfIdentity } from '../../../shared/node/process/process-identity.js';
import type { Foundation } from '../foundation.js';
import type { Address } from '../succession/holdings.js';

export function makeLockRecord(options: {
  readonly foundation: Pick<Foundation, 'paths' | 'build'>;
  readonly instanceId: string;
  readonly startedAtMs: number;
  readonly address: Address;
}): LockRecord {
  const { paths, build } = options.foundation;
  return {
    ...selfIdentity(),
    createdAt: new Date(options.startedAtMs).toISOString(),
    configPath: paths.configPath,
    instanceId: options.instanceId,
    host: options.address.host,
    port: options.address.port,
    controlPath: paths.controlPath,
    version: build.version,
    home: paths.home,
    children: [],
  };
}
