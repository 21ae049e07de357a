/** The states of a succession as the predecessor sees it. Pure; see succession.ts for what the effects do. */
import type { GatewayError } from '../../../shared/errors.js';
import type { SuccessionMessage } from '../../../shared/ipc/messages.js';
import { lookUp, type Table, type Transition } from '../state/table.js';

/**
 * `idle`        no succession
 * `starting`    the successor boots; lock and sockets are ours
 * `handedOver`  the successor has lock, control socket and listening handle
 * `retiring`    the successor's worker listens; ours drains
 * `aborting`    the successor is being killed before the hand-over
 * `revoking`    the successor is being killed after the hand-over
 * `reclaiming`  the successor has exited; lock and control socket are being taken back
 * `succeeded`   the successor serves; this gateway leaves
 * `dismissed`   this gateway leaves for good: the successor was stopped, or another gateway has the lock
 */
export const SUCCESSION_STATES = [
  'idle',
  'starting',
  'handedOver',
  'retiring',
  'aborting',
  'revoking',
  'reclaiming',
  'succeeded',
  'dismissed',
] as const;
export type SuccessionState = (typeof SUCCESSION_STATES)[number];

export type SuccessionEvent =
  | { readonly type: 'run' }
  | Extract<SuccessionMessage, { type: 'takeOver' | 'retire' | 'succeeded' | 'dismissed' }>
  /** The successor cannot start, hangs, or a stop wins. */
  | { readonly type: 'fail'; readonly reason: GatewayError }
  | { readonly type: 'exited' }
  /** Our worker has stopped everything that only one worker may do. */
  | { readonly type: 'quiesced' }
  /** Lock and control socket are ours again (or could not be taken back, and nobody else has them). */
  | { readonly type: 'reclaimed' }
  /** Another gateway took the lock meanwhile. */
  | { readonly type: 'lost' };

export type SuccessionEffect =
  | 'spawn'
  | 'handOver'
  | 'drainWorker'
  | 'reportQuiesced'
  | 'complete'
  | 'killSuccessor'
  | 'reclaim'
  | 'reportFailure'
  | 'leaveWithSuccessor'
  | 'leaveToOther';

const exitedAfterHandOver = ['reclaiming', 'reclaim'] as const;

const TABLE: Table<SuccessionState, SuccessionEvent, SuccessionEffect> = {
  idle: { run: ['starting', 'spawn'] },
  starting: {
    takeOver: ['handedOver', 'handOver'],
    fail: ['aborting', 'killSuccessor'],
    exited: ['idle', 'reportFailure'],
  },
  handedOver: {
    retire: ['retiring', 'drainWorker'],
    dismissed: ['dismissed', 'leaveWithSuccessor'],
    fail: ['revoking', 'killSuccessor'],
    exited: exitedAfterHandOver,
  },
  retiring: {
    quiesced: ['retiring', 'reportQuiesced'],
    succeeded: ['succeeded', 'complete'],
    dismissed: ['dismissed', 'leaveWithSuccessor'],
    fail: ['revoking', 'killSuccessor'],
    exited: exitedAfterHandOver,
  },
  aborting: { exited: ['idle', 'reportFailure'] },
  revoking: { exited: exitedAfterHandOver },
  reclaiming: { reclaimed: ['idle', 'reportFailure'], lost: ['dismissed', 'leaveToOther'] },
  succeeded: {},
  dismissed: {},
};

export function successionTransition(state: SuccessionState, event: SuccessionEvent): Transition<SuccessionState, SuccessionEffect> {
  return lookUp(TABLE, state, event);
}
