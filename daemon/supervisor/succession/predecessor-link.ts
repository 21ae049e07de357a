/**
 * A successor's side of a succession: talks to the supervisor that spawned it. From the hand-over until our worker is active, no
 * further succession may start; a successor that is stopped in between stops its predecessor too.
 */
import type { Clock } from '../../../shared/clock.js';
import { deferred } from '../state/deferred.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import type { SuccessionMessage } from '../../../shared/ipc/messages.js';
import { awaitExit, ownParent, type ParentProcess } from './parent-process.js';
import { limitWait } from './patience.js';
import { type PredecessorEffect, type PredecessorEvent, type PredecessorState, predecessorTransition } from './predecessor-table.js';

export const HAND_OVER_LIMIT_MS = 10_000;
/** Added to the predecessor's drain deadline, by which its worker has quiesced or been killed. */
export const RETIRE_MARGIN_MS = 5_000;

interface HandedOver {
  readonly handle: object;
  readonly host: string;
  readonly port: number;
}

/** Our end of the IPC channel to the parent: `process`, as far as it is used here. */
export interface ParentChannel {
  readonly connected: boolean;
  send?(message: object, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

export class PredecessorLink {
  readonly #clock: Clock;
  readonly #channel: ParentChannel;
  readonly #parent: ParentProcess;
  readonly #quiesced = deferred<void>();
  readonly #arrived = deferred<void>();
  readonly #left = deferred<void>();
  #state: PredecessorState = 'booting';
  #handOver = deferred<HandedOver>();
  #cancelLimit: (() => void) | undefined;

  /** @param from  the parent; default: this process's own */
  constructor(clock: Clock, from: { channel: ParentChannel; parent: ParentProcess } = { channel: process, parent: ownParent() }) {
    const { channel } = from;
    this.#clock = clock;
    this.#channel = channel;
    this.#parent = from.parent;
    channel.on('message', (message, handle) => this.#receive(message as SuccessionMessage, handle));
    channel.on('disconnect', () => this.#dispatch({ type: 'lost' }));
    if (!channel.connected) this.#dispatch({ type: 'lost' });
  }

  /** Whether the predecessor's process has exited or disconnected. */
  get isGone(): boolean {
    return !this.#channel.connected;
  }

  /** Resolves when the succession has ended, whatever the outcome; undefined when it has already ended. */
  get arriving(): Promise<void> | undefined {
    const hasArrived = ['serving', 'alone', 'dismissed', 'left'].includes(this.#state);
    return hasArrived ? undefined : this.#arrived.promise;
  }

  /** Resolves when a dismissed predecessor has exited; undefined when none was dismissed. */
  get left(): Promise<void> | undefined {
    return this.#state === 'dismissed' || this.#state === 'left' ? this.#left.promise : undefined;
  }

  /** Asks for lock, control socket and listening handle. @throws SUCCESSION_FAILED when the predecessor does not answer or is gone */
  takeOver(): Promise<HandedOver> {
    this.#handOver = deferred();
    this.#dispatch({ type: 'takeOver' });
    return this.#handOver.promise;
  }

  /**
   * Has the predecessor drain its worker. Resolves when that has quiesced, or the predecessor is gone. One that hangs or was stopped
   * (SIGSTOP) is killed {@link RETIRE_MARGIN_MS} after its drain deadline.
   */
  retire(drainTimeoutMs: number): Promise<void> {
    this.#dispatch({ type: 'retire', drainTimeoutMs });
    return this.#quiesced.promise;
  }

  /** Called when our worker is the active one. */
  succeeded(worker: { pid: number; instanceId: string }): void {
    this.#send({ type: 'succeeded', pid: process.pid, workerPid: worker.pid, instanceId: worker.instanceId });
    this.#dispatch({ type: 'active' });
  }

  /**
   * Called when this gateway is to stop. Before the hand-over the predecessor is the gateway and continues; afterwards it stops too.
   * One that has disconnected may still finish requests on a port that must be free when this process has exited.
   */
  dismiss(timeoutMs: number): void {
    this.#dispatch({ type: 'dismiss', timeoutMs });
  }

  /** Resolves when the message has been sent, because this process exits right after. */
  failed(error: unknown): Promise<void> {
    return new Promise((resolve) => {
      if (this.#channel.send === undefined || !this.#channel.connected) return resolve();
      const message: SuccessionMessage = { type: 'failed', error: toErrorDocument(error, 'SUCCESSION_FAILED') };
      this.#channel.send(message, undefined, undefined, () => resolve());
    });
  }

  #receive(message: SuccessionMessage, handle: unknown): void {
    if (message.type === 'quiesced') this.#dispatch(message);
    if (message.type === 'handOver')
      this.#dispatch({ ...message, handle: typeof handle === 'object' && handle !== null ? handle : undefined });
  }

  #dispatch(event: PredecessorEvent): void {
    const { state, effects } = predecessorTransition(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect, event);
  }

  #carryOut(effect: PredecessorEffect, event: PredecessorEvent): void {
    const effects: Record<PredecessorEffect, () => void> = {
      askHandOver: () => this.#ask({ type: 'takeOver' }, HAND_OVER_LIMIT_MS),
      acceptHandOver: () => {
        if (event.type === 'handOver' && event.handle !== undefined)
          this.#handOver.resolve({ handle: event.handle, host: event.host, port: event.port });
      },
      failHandOver: () => this.#handOver.reject(handOverError(event)),
      askRetire: () => {
        if (event.type === 'retire') this.#ask({ type: 'retire' }, event.drainTimeoutMs + RETIRE_MARGIN_MS);
      },
      askLeave: () => {
        if (event.type === 'dismiss') this.#ask({ type: 'dismissed', timeoutMs: event.timeoutMs }, event.timeoutMs + RETIRE_MARGIN_MS);
      },
      cancelLimit: () => this.#cancelLimit?.(),
      // Not SIGTERM, a request to stop: a process that was stopped (SIGSTOP) would carry it out first and end this process with it.
      // The worker ends with its supervisor, and the end of the channel reports both.
      kill: () => this.#parent.kill(),
      reportQuiesced: () => this.#quiesced.resolve(),
      awaitExit: () => {
        if (event.type === 'dismiss') void awaitExit(this.#parent, this.#clock, event.timeoutMs).then(() => this.#left.resolve());
      },
      reportLeft: () => this.#left.resolve(),
      endArrival: () => this.#arrived.resolve(),
    };
    effects[effect]();
  }

  #ask(message: SuccessionMessage, limitMs: number): void {
    this.#cancelLimit = limitWait(this.#clock, limitMs, () => this.#dispatch({ type: 'overdue' }));
    this.#send(message);
  }

  #send(message: SuccessionMessage): void {
    if (this.#channel.connected) this.#channel.send?.(message, undefined, undefined, () => undefined);
  }
}

function handOverError({ type }: PredecessorEvent): GatewayError {
  if (type === 'overdue') {
    return new GatewayError('SUCCESSION_FAILED', {
      message: `the running gateway did not hand over within ${HAND_OVER_LIMIT_MS / 1000} s`,
      hint: 'Check it with: xopc gateway status',
    });
  }
  if (type === 'handOver') return new GatewayError('SUCCESSION_FAILED', { message: 'the running gateway did not pass a listening socket' });
  return new GatewayError('SUCCESSION_FAILED', {
    message: 'the gateway to take over from has exited',
    hint: 'Start one with: xopc gateway',
  });
}
