/** What the supervisor's event loop needs from the rest of the gateway. */
import type { Clock } from '../../../shared/clock.js';
import type { GatewayError } from '../../../shared/errors.js';
import type { WorkerMessage } from '../../../shared/ipc/messages.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import type { Redactor } from '../../../shared/node/secrets/redact.js';
import type { SpawnChild } from '../workers/child-process.js';
import type { ConfigSource, LiveConfig } from '../config/live-config.js';
import type { Respawn } from './respawn.js';
import type { GatewayResources } from '../succession/gateway-resources.js';
import type { WorkerProcess } from '../workers/worker-process.js';
import type { WorkerSlots } from '../workers/worker-slots.js';

export interface SupervisorDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly paths: GatewayPaths;
  readonly config: LiveConfig;
  readonly respawn: Respawn;
  /** Environment variables for workers beyond our own. */
  readonly workerEnvironment: Record<string, string>;
  /** Removes secrets from exit records. */
  readonly redactor: Redactor;
  readonly spawn: SpawnChild;
  readonly slots: WorkerSlots;
  readonly resources: Pick<GatewayResources, 'openSocket' | 'updateLock' | 'isSuccessor' | 'takeOver' | 'retirePredecessor'>;
  /** Called with the reason when the state has become `failed`: too many deaths. */
  readonly onFailed?: ((failure: GatewayError | undefined) => void) | undefined;
  /** Called after each event. */
  readonly onStep?: (() => void) | undefined;
}

export interface Outcome {
  readonly exitCode: number;
  /** Why a cold start gave up. */
  readonly error: GatewayError | undefined;
}

export interface SupervisorEvents {
  /** A worker has become active with this configuration. */
  active: [worker: WorkerProcess, source: ConfigSource | undefined];
  /** A worker's message that is not about its lifecycle: configuration, log rotation, queries. */
  workerMessage: [worker: WorkerProcess, message: WorkerMessage];
  /** During a stop: all workers have stopped the work that only one worker may do. */
  quiesced: [];
  /** No child process is left. */
  left: [outcome: Outcome];
}

/** Reasons for the gateway to continue after its workers have ended. */
export interface Interludes {
  readonly succession: { readonly settled: Promise<unknown>; readonly isOver: boolean };
  readonly restoration: { replaceState(): Promise<void>; resumed(): void };
}
