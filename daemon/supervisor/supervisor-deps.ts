/** What the event loop needs of the world around it. */
import type { Clock } from '../../shared/clock.js';
import type { GatewayError } from '../../shared/errors.js';
import type { WorkerMessage } from '../../shared/ipc/messages.js';
import type { LockRecord } from '../../shared/node/files/lock-record.js';
import type { Logger } from '../../shared/node/log/logger.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import type { Redactor } from '../../shared/node/secrets/redact.js';
import type { SpawnChild } from './workers/child-process.js';
import type { ConfigSource, LiveConfig } from './config/live-config.js';
import type { Respawn } from './state/respawn.js';
import type { WorkerProcess } from './workers/worker-process.js';

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly paths: GatewayPaths;
  readonly config: LiveConfig;
  readonly respawn: Respawn;
  /** Environment variables for workers beyond our own. */
  readonly workerEnvironment: Record<string, string>;
  /** Frees of secrets what exit records show. */
  readonly redactor?: Redactor;
  readonly hangAfterMs?: number;
  readonly spawn: SpawnChild;
  /** Rewrites our lock record. */
  updateLock(patch: Partial<LockRecord>): void;
  /** A worker sent something that is not about its own life: configuration, log rotation, queries. */
  onWorkerMessage(worker: WorkerProcess, message: WorkerMessage): void;
  /** A worker serves and is active. */
  onActive(worker: WorkerProcess, source: ConfigSource | undefined): void;
  /** Successor: takes lock, control socket and handle over, before the first worker listens. */
  readonly takeOver?: () => Promise<void>;
  /** Successor: lets the predecessor retire its worker; `quiesced` is dispatched once it has. */
  readonly retirePredecessor?: () => void;
  /** Stopping: nobody here does any more what only one worker may do. */
  readonly onQuiesced?: () => void;
  /** Too many deaths: the state is `failed` from now on. */
  onFailed(): void;
  /** Nothing is left. `error`: why a cold start gave up. */
  onLeave(exitCode: number, error?: GatewayError): void;
}
