/**
 * The supervisor's states, events and effects: data only. `desired` (up or down) tells whether a stop was requested, `ready`
 * whether a worker accepts; neither is a state.
 */
import type { GatewayState } from '../../../shared/api/gateway/status.js';

/**
 * `stopped`    no process: not started yet, or everything has ended
 * `starting`   no worker accepts; a candidate boots
 * `running`    the active worker accepts
 * `replacing`  the active worker accepts while a candidate boots
 * `handover`   the new worker accepts; the old one finishes the work that only one worker may do
 * `backoff`    no worker; the next attempt is scheduled
 * `failed`     no worker after too many quick deaths; attempts continue at the maximum delay
 * `retrying`   such an attempt is in progress
 * `draining`   a stop is in progress
 */
export const STATES = ['stopped', 'starting', 'running', 'replacing', 'handover', 'backoff', 'failed', 'retrying', 'draining'] as const;
export type State = (typeof STATES)[number];

/** The restart policy's decision after a death. */
export type Verdict = 'now' | 'later' | 'failed';

export type Event =
  | { readonly type: 'start' }
  | { readonly type: 'restart' }
  | { readonly type: 'stop' }
  /** The candidate has booted and can listen. */
  | { readonly type: 'ready' }
  | { readonly type: 'listening' }
  /**
   * The candidate reported why it cannot start. `cold`: nothing has run yet, so the gateway gives up; `lastGood`: an older
   * configuration can be tried.
   */
  | { readonly type: 'refused'; readonly cold: boolean; readonly lastGood: boolean }
  | { readonly type: 'candidateExited'; readonly verdict: Verdict }
  | { readonly type: 'activeExited'; readonly verdict: Verdict }
  /** The retiring worker has stopped the work that only one worker may do, or has exited. */
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
  /** The candidate takes the empty slot; there is nothing to drain. */
  | 'install'
  | 'activate'
  | 'completeRestart'
  | 'failRestart'
  | 'scheduleRetry'
  | 'cancelRetry'
  /** Forget earlier deaths. */
  | 'forgive'
  | 'drainAll'
  /** No worker here does single-worker work any more, so a successor's worker may start. */
  | 'reportQuiesced'
  /** Shorten the drain after a second stop request. */
  | 'hasten'
  /** Exit with the reason, because a cold start cannot succeed. */
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
