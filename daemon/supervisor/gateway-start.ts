/** What one start of a gateway is given. */
import type { Clock } from '../../shared/clock.js';
import type { GatewayError } from '../../shared/errors.js';
import type { SupervisorOptions } from '../../shared/node/process/entry.js';
import type { SpawnChild } from './workers/child-process.js';
import type { Predecessor } from './succession/holdings.js';

export interface GatewayStart extends SupervisorOptions {
  readonly clock: Clock;
  /** Set for a successor. */
  readonly predecessor?: Predecessor;
  /** Called when too many workers have died for the start to be called one; tries go on. */
  readonly onFailed?: (error: GatewayError | undefined) => void;
  readonly spawn?: SpawnChild;
}
