/** The phases of one worker process. Pure; see worker-process.ts for what the effects do. */
import type { WorkerMessage } from '../../../shared/ipc/messages.js';
import { lookUp, type Table, type Transition } from '../state/table.js';

/** `retiring`: the worker drains. `refused`: it has reported why it cannot start, and exits by itself. */
export const WORKER_PHASES = ['booting', 'ready', 'listening', 'active', 'refused', 'retiring', 'exited'] as const;
export type WorkerPhase = (typeof WORKER_PHASES)[number];

export type WorkerEvent =
  | Extract<WorkerMessage, { type: 'ready' | 'listening' | 'bootFailed' }>
  | { readonly type: 'activate' }
  | { readonly type: 'drain'; readonly mode: 'restart' | 'stop'; readonly timeoutMs: number }
  | { readonly type: 'exited' };

export type WorkerEffect =
  | 'keepReadiness'
  | 'keepRefusal'
  /** Passes the message on to the supervisor. */
  | 'report'
  | 'limitListen'
  | 'limitRefusal'
  | 'cancelLimit'
  | 'watchHeartbeat'
  | 'activate'
  | 'drain'
  | 'cleanUp';

const drain = ['retiring', 'drain'] as const;
const exited = ['exited', 'cleanUp'] as const;
const refused = ['refused', 'keepRefusal', 'limitRefusal', 'report'] as const;

const TABLE: Table<WorkerPhase, WorkerEvent, WorkerEffect> = {
  booting: { ready: ['ready', 'keepReadiness', 'limitListen', 'report'], bootFailed: refused, drain, exited },
  ready: { listening: ['listening', 'cancelLimit', 'watchHeartbeat', 'report'], bootFailed: refused, drain, exited },
  listening: { activate: ['active', 'activate'], bootFailed: refused, drain, exited },
  active: { bootFailed: ['active', 'keepRefusal', 'limitRefusal', 'report'], drain, exited },
  refused: { drain, exited },
  retiring: { bootFailed: ['retiring', 'keepRefusal', 'report'], drain, exited },
  exited: {},
};

export function workerTransition(phase: WorkerPhase, event: WorkerEvent): Transition<WorkerPhase, WorkerEffect> {
  return lookUp(TABLE, phase, event);
}
