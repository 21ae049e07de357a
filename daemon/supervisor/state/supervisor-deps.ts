/** What the supervisor's event loop needs from the rest of the gateway. */
import type { Clock } from '../../../shared/clock.js';
import type { GatewayError } from '../../../shared/errors.js';
import type { WorkerMessage } from '../../../shared/ipc/messages.js';
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import type { SpawnChild } from '../workers/child-process.js';
import type { ConfigSource, LiveConfig } from '../config/live-config.js';
import type { Respawn } from './respawn.js';
import type { WorkerProcess } from '../workers/worker-process.js';

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly paths: GatewayPaths;
  readonly config: LiveConfig;
  readonly respawn: Respawn;
  /** Environment variables for workers beyond our own. */
  readonly workerEnvironment: Record<string, string>;
  /** Removes secrets from exit records. */
  readonly redactor?: Redactor;
  readonly hangAfterMs?: number;
  readonly spawn: SpawnChild;
  /** Rewrites our lock record. */
  updateLock(patch: Partial<LockRecord>): void;
  /** Called for worker messages that are not about its lifecycle: configuration, log rotation, queries. */
  onWorkerMessage(worker: WorkerProcess, message: WorkerMessage): void;
  /** Called when a worker has become active. */
  onActive(worker: WorkerProcess, source: ConfigSource | undefined): void;
  /** Of a successor: takes over lock, control socket and listening handle before the first worker listens. */
  readonly takeOver?: () => Promise<void>;
  /** Of a successor: has the predecessor drain its worker; `quiesced` is dispatched once it has quiesced. */
  readonly retirePredecessor?: () => void;
  /** Called during a stop, once no worker does what only one worker may do. */
  readonly onQuiesced?: () => void;
  /** Called when the state has become `failed`: too many deaths. */
  onFailed(): void;
  /** Called when no child process is left. `error`: why a cold start gave up. */
  onLeave(exitCode: number, error?: GatewayError): void;
}
