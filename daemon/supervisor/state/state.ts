/**
 * The supervisor's states, events and effects: data only. `desired` (up or down) is whether `stop` was asked;
 * `ready` is whether a worker accepts; neither is a state.
 */
import type { GatewayState } from '../../../shared/control/messages.js';

/**
 * `stopped`    no process, nothing wanted yet or nothing left
 * `starting`   no worker accepts; a candidate boots
 * `running`    the active worker accepts
 * `replacing`  the active worker accepts while a candidate boots
 * `handover`   the new worker accepts; the old one finishes what only one worker may do
 * `backoff`    no worker; the next try is scheduled
 * `failed`     no worker after too many quick deaths; tries go on at the cap
 * `retrying`   such a try
 * `draining`   a stop is under way
 */
export const STATES = ['stopped', 'starting', 'running', 'replacing', 'handover', 'backoff', 'failed', 'retrying', 'draining'] as const;
export type State = (typeof STATES)[number];

/** What the restart policy says after a death. */
export type Verdict = 'now' | 'later' | 'failed';

export type Event =
  | { readonly type: 'start' }
  | { readonly type: 'restart' }
  | { readonly type: 'stop' }
  /** The candidate has booted and can listen. */
  | { readonly type: 'ready' }
  | { readonly type: 'listening' }
  /** The candidate said why it cannot start. `cold`: nothing has run yet, so the gateway gives up; `lastGood`: an older configuration can be tried. */
  | { readonly type: 'refused'; readonly cold: boolean; readonly lastGood: boolean }
  | { readonly type: 'candidateExited'; readonly verdict: Verdict }
  | { readonly type: 'activeExited'; readonly verdict: Verdict }
  /** The retiring worker does nothing any more that only one worker may do (or is gone). */
  | { readonly type: 'quiesced' }
  | { readonly type: 'retryDue' }
  | { readonly type: 'configChanged' }
  /** No child process is left. */
  | { readonly type: 'allExited' };

export type Effect =
  /** Start a candidate. */
  | 'spawn'
  /** Give the candidate the listening handle. */
  | 'listen'
  /** Drain the active worker for a restart; the candidate takes its place. */
  | 'retire'
  /** The candidate takes the empty place; nothing is to be drained. */
  | 'install'
  | 'activate'
  | 'completeRestart'
  | 'failRestart'
  | 'scheduleRetry'
  | 'cancelRetry'
  /** Forget earlier deaths. */
  | 'forgive'
  | 'drainAll'
  /** Nobody here does any more what only one worker may do: a successor's worker may. */
  | 'reportQuiesced'
  /** A second stop: cut the drain short. */
  | 'hasten'
  /** A cold start that cannot work: leave with the reason. */
  | 'giveUp'
  | 'leave';

const PUBLIC: Readonly<Record<State, GatewayState>> = {
  stopped: 'stopped',
  starting: 'starting',
  running: 'running',
  replacing: 'running',
  handover: 'running',
  backoff: 'backoff',
  failed: 'failed',
  retrying: 'failed',
  draining: 'draining',
};

/** The state as users see it: a restart in progress is still `running`. */
export function publicState(state: State): GatewayState {
  return PUBLIC[state];
}
