/**
 * A model of a succession for exhaustive exploration: the two real tables, two processes with their workers, the channel between them,
 * lock and timers. What the tables' effects do is modelled after succession.ts, predecessor-link.ts and gateway-resources.ts.
 */
import {
  type PredecessorEvent,
  type PredecessorState,
  predecessorTransition,
} from '../../daemon/supervisor/succession/predecessor-table.js';
import { type SuccessionEvent, type SuccessionState, successionTransition } from '../../daemon/supervisor/succession/succession-table.js';
import { GatewayError } from '../../shared/errors.js';

type Message = 'takeOver' | 'retire' | 'succeeded' | 'dismissed' | 'failed' | 'handOver' | 'quiesced';

export interface World {
  old: {
    isAlive: boolean;
    isHung: boolean;
    state: SuccessionState;
    /** `quiesced`: it only finishes its answers. */
    worker: 'active' | 'draining' | 'quiesced' | 'none';
    /** Whether it writes the lock and answers on the control socket. */
    holds: boolean;
    stop: 'none' | 'succession' | 'stop';
    /** A caller waits for the outcome of the restart. */
    hasCaller: boolean;
  };
  next: {
    isAlive: boolean;
    isHung: boolean;
    link: PredecessorState;
    /** `asked`: ready, the take-over is under way; `told`: it has the socket; `installed`: it accepts and waits for `quiesced`. */
    worker: 'none' | 'booting' | 'asked' | 'told' | 'installed' | 'active' | 'draining';
    holds: boolean;
    isStopping: boolean;
    hasLimit: boolean;
    isQuiesced: boolean;
    /** The end of the channel to the old one was seen. */
    isLost: boolean;
    /** Restarts and restores may begin. */
    hasArrived: boolean;
  };
  /** The old one has not seen the exit of the next one yet. */
  isExitDue: boolean;
  toOld: Message[];
  toNext: Message[];
  /** A stop for good that must win. */
  isStopWanted: boolean;
  /** A process was killed from outside, or hangs. */
  isKilled: boolean;
  /** Faults and stops that may still happen. */
  faults: number;
}

export const FIRST: World = {
  old: { isAlive: true, isHung: false, state: 'idle', worker: 'active', holds: true, stop: 'none', hasCaller: false },
  next: {
    isAlive: false,
    isHung: false,
    link: 'booting',
    worker: 'none',
    holds: false,
    isStopping: false,
    hasLimit: false,
    isQuiesced: false,
    isLost: false,
    hasArrived: false,
  },
  isExitDue: false,
  toOld: [],
  toNext: [],
  isStopWanted: false,
  isKilled: false,
  faults: 3,
};

export const REASON = new GatewayError('STOPPING', { message: 'stop' });
export const OLD_EVENTS = {
  takeOver: { type: 'takeOver' },
  retire: { type: 'retire' },
  succeeded: { type: 'succeeded', pid: 1, workerPid: 2, instanceId: 'wk' },
  dismissed: { type: 'dismissed', timeoutMs: 1 },
  failed: { type: 'fail', reason: REASON },
} satisfies Partial<Record<Message, SuccessionEvent>>;

export function kill(process: World['old'] | World['next']): void {
  Object.assign(process, { isAlive: false, isHung: false, worker: 'none', holds: false });
}

export function killNext(world: World): void {
  if (!world.next.isAlive) return;
  kill(world.next);
  world.isExitDue = true;
}

export function drainOld({ old }: World, stop: 'succession' | 'stop'): void {
  old.stop = old.stop === 'stop' ? 'stop' : stop;
  if (old.worker === 'active') old.worker = 'draining';
}

export function tellOld(world: World, event: SuccessionEvent): void {
  const { old } = world;
  const { state, effects } = successionTransition(old.state, event);
  old.state = state;
  for (const effect of effects) {
    switch (effect) {
      case 'spawn':
        world.next = { ...FIRST.next, isAlive: true, worker: 'booting' };
        world.toOld = [];
        world.toNext = [];
        break;
      case 'handOver':
        old.holds = false;
        world.toNext.push('handOver');
        break;
      case 'drainWorker':
        drainOld(world, 'succession');
        break;
      case 'reportQuiesced':
        world.toNext.push('quiesced');
        break;
      case 'killSuccessor':
        killNext(world);
        break;
      case 'complete':
      case 'reportFailure':
        old.hasCaller = false;
        break;
      case 'leaveWithSuccessor':
      case 'leaveToOther':
        old.hasCaller = false;
        drainOld(world, 'stop');
        break;
      case 'reclaim': // ends with the step `reclaimed`
        break;
    }
  }
}

export function giveUp(world: World): void {
  if (world.old.isAlive) world.toOld.push('failed');
  killNext(world);
}

/** Without a predecessor the successor starts as any other. */
function startAlone(world: World): void {
  if (world.next.isStopping) return;
  world.next.holds = true;
  world.next.worker = 'told';
}

export function tellNext(world: World, event: PredecessorEvent): void {
  const { next } = world;
  const { state, effects } = predecessorTransition(next.link, event);
  next.link = state;
  for (const effect of effects) {
    switch (effect) {
      case 'askHandOver':
      case 'askRetire':
      case 'askLeave':
        next.hasLimit = true;
        if (!next.isLost) world.toOld.push(effect === 'askHandOver' ? 'takeOver' : effect === 'askRetire' ? 'retire' : 'dismissed');
        break;
      case 'acceptHandOver':
        next.holds = true;
        if (!next.isStopping) next.worker = 'told';
        break;
      case 'failHandOver':
        if (next.isLost) startAlone(world);
        else giveUp(world);
        break;
      case 'cancelLimit':
        next.hasLimit = false;
        break;
      case 'kill':
        kill(world.old);
        break;
      case 'reportQuiesced':
        next.isQuiesced = true;
        break;
      case 'endArrival':
        next.hasArrived = true;
        break;
      case 'awaitExit': // both end with the step `next leaves`
      case 'reportLeft':
        break;
    }
  }
}
