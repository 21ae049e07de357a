/** The states of a succession as the successor sees it. Pure; see predecessor-link.ts for what the effects do. */
import type { SuccessionMessage } from '../../../shared/ipc/messages.js';
import { lookUp, type Table, type Transition } from '../state/table.js';

/**
 * `booting`     the predecessor is the gateway; our worker boots
 * `asking`      it has been requested to hand over
 * `handedOver`  lock and sockets are ours; its worker runs
 * `retiring`    its worker drains
 * `quiesced`    its worker has stopped everything that only one worker may do
 * `gone`        it has disconnected after the hand-over
 * `abandoned`   it has disconnected before the hand-over: lock and sockets are acquired as at any start
 * `serving`     our worker is active; the predecessor's process may still finish requests
 * `alone`       our worker is active, and nothing was handed over
 * `dismissed`   we were stopped before our worker was active; the predecessor stops too
 * `left`        we stop and do not wait for messages of the predecessor
 */
export const PREDECESSOR_STATES = [
  'booting',
  'asking',
  'handedOver',
  'retiring',
  'quiesced',
  'gone',
  'abandoned',
  'serving',
  'alone',
  'dismissed',
  'left',
] as const;
export type PredecessorState = (typeof PREDECESSOR_STATES)[number];

export type PredecessorEvent =
  | { readonly type: 'takeOver' }
  /** `handle`: undefined when the message came without a listening handle. */
  | (Extract<SuccessionMessage, { type: 'handOver' }> & { readonly handle: object | undefined })
  | { readonly type: 'retire'; readonly drainTimeoutMs: number }
  | { readonly type: 'quiesced' }
  /** Our worker is the active one. */
  | { readonly type: 'active' }
  /** This gateway is to stop. */
  | { readonly type: 'dismiss'; readonly timeoutMs: number }
  /** The time limit of the present state has passed. */
  | { readonly type: 'overdue' }
  /** The channel to the predecessor is closed. */
  | { readonly type: 'lost' };

export type PredecessorEffect =
  | 'askHandOver'
  | 'acceptHandOver'
  | 'failHandOver'
  | 'askRetire'
  | 'askLeave'
  | 'cancelLimit'
  | 'kill'
  | 'reportQuiesced'
  /** Waits for the exit of the predecessor's process. */
  | 'awaitExit'
  | 'reportLeft'
  /** There is no predecessor left to wait for: restarts and restores may begin. */
  | 'endArrival';

const dismiss = ['dismissed', 'cancelLimit', 'askLeave', 'endArrival'] as const;

const TABLE: Table<PredecessorState, PredecessorEvent, PredecessorEffect> = {
  booting: { takeOver: ['asking', 'askHandOver'], handOver: ['handedOver'], lost: ['abandoned', 'reportQuiesced'] },
  asking: {
    handOver: ({ handle }) => ['handedOver', 'cancelLimit', handle === undefined ? 'failHandOver' : 'acceptHandOver'],
    overdue: ['booting', 'failHandOver'],
    lost: ['abandoned', 'cancelLimit', 'failHandOver', 'reportQuiesced'],
  },
  handedOver: { retire: ['retiring', 'askRetire'], quiesced: ['quiesced', 'reportQuiesced'], dismiss, lost: ['gone', 'reportQuiesced'] },
  retiring: {
    quiesced: ['quiesced', 'cancelLimit', 'reportQuiesced'],
    overdue: ['retiring', 'kill'],
    dismiss,
    lost: ['gone', 'cancelLimit', 'reportQuiesced'],
  },
  quiesced: { active: ['serving', 'endArrival'], dismiss, lost: ['gone'] },
  gone: { active: ['serving', 'endArrival'], dismiss: ['left', 'reportLeft', 'endArrival'] },
  abandoned: { takeOver: ['abandoned', 'failHandOver'], active: ['alone', 'endArrival'] },
  serving: { dismiss: ['left', 'awaitExit'] },
  alone: {},
  dismissed: { overdue: ['dismissed', 'kill'], lost: ['left', 'cancelLimit', 'reportLeft'] },
  // Another stop request may allow less time; the earliest deadline counts.
  left: { dismiss: ['left', 'awaitExit'] },
};

export function predecessorTransition(state: PredecessorState, event: PredecessorEvent): Transition<PredecessorState, PredecessorEffect> {
  return lookUp(TABLE, state, event);
}
