/** What most parts of a worker need. Each names those that it uses: `Deps<'store' | 'clock'>`. */
import type { Clock } from '../../../../shared/clock.js';
import type { Config } from '../../../../shared/config/schema.js';
import type { LogPort } from '../../../../shared/log/log-port.js';
import type { Liveness } from '../liveness.js';
import type { Store } from '../store.js';

export interface WorkerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: LogPort;
  /** Id of this worker. */
  readonly instanceId: string;
  readonly liveness: Liveness;
  /** The configuration in force; a new object when it changes. */
  readonly config: () => Config;
}

export type Deps<Names extends keyof WorkerDeps> = Pick<WorkerDeps, Names>;
