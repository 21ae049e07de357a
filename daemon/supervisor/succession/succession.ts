/**
 * A running supervisor's side of a succession: spawns a successor from the build on disk, hands lock, control socket
 * and listening handle over once the successor's worker is ready, drains its own worker and leaves. If the successor
 * cannot start or dies before it serves, all is taken back and this gateway goes on.
 */
import type { Clock } from '../../../shared/clock.js';
import type { RestartResult, SuccessionOptions } from '../../../shared/control/messages.js';
import { fromErrorDocument, GatewayError } from '../../../shared/errors.js';
import type { SuccessionMessage, SupervisorBoot } from '../../../shared/ipc/messages.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { Child, SpawnChild } from '../workers/child-process.js';
import type { Progress } from '../control/control-server.js';
import type { ListenSocket } from '../socket/listen-socket.js';
import { stoppingError } from '../state/stop-plan.js';

/** A successor ends a worker that is not ready after 120 s by itself; one that hangs, or was stopped (SIGSTOP), cannot. */
export const START_LIMIT_MS = 150_000;

export interface SuccessionDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly instanceId: string;
  readonly flags: SupervisorBoot['flags'];
  readonly spawn: SpawnChild;
  socket(): ListenSocket;
  /** Gives up lock and control socket: the successor writes them from now on. */
  handOver(): void;
  /** The successor died in between: they are ours again. @returns `lost` when another gateway has them and answers */
  takeBack(): Promise<'ours' | 'lost'>;
  /** Ends this gateway for good. @param timeoutMs  undefined: the configured deadline */
  stop(timeoutMs: number | undefined): void;
  /** Drains our worker for a restart and then leaves. @param timeoutMs  undefined: the configured deadline */
  retire(timeoutMs: number | undefined): void;
}

export interface SuccessionRun extends SuccessionOptions {
  /** Drain deadline of our worker; undefined: the configured one. */
  readonly timeoutMs?: number | undefined;
}

/**
 * `failing`: the successor is being ended; what it had comes back when it has exited. `dismissed`: we leave for good, because
 * the successor was told to stop, or because another gateway has what was ours.
 */
type Phase = 'idle' | 'starting' | 'handedOver' | 'retiring' | 'succeeded' | 'failing' | 'dismissed';

interface Waiter {
  readonly progress: Progress;
  resolve(result: RestartResult): void;
  reject(error: GatewayError): void;
}

export class Succession {
  readonly #deps: SuccessionDeps;
  #phase: Phase = 'idle';
  #hasHandedOver = false;
  #child: Child | undefined;
  #failure: GatewayError | undefined;
  #result: RestartResult | undefined;
  #waiters: Waiter[] = [];
  #timeoutMs: number | undefined;
  #startedAtMs = 0;
  #settled: Promise<unknown> = Promise.resolve();
  #cancelLimit: (() => void) | undefined;

  constructor(deps: SuccessionDeps) {
    this.#deps = deps;
  }

  get isUnderWay(): boolean {
    return this.#phase !== 'idle';
  }

  /** Nothing is left to go on with. */
  get isOver(): boolean {
    return this.#phase === 'succeeded' || this.#phase === 'dismissed';
  }

  get successorPid(): number | undefined {
    return this.#phase === 'dismissed' ? undefined : this.#child?.pid;
  }

  /** Resolves once a successor serves, or has failed and all is as before: nobody leaves in between. */
  get settled(): Promise<unknown> {
    return this.#settled;
  }

  /** Starts a succession or joins the one under way. @throws SUCCESSION_FAILED, STOPPING, or the successor's own reason */
  run(options: SuccessionRun, progress: Progress): Promise<RestartResult> {
    if (this.#result !== undefined) return Promise.resolve(this.#result);
    if (this.#phase === 'dismissed') return Promise.reject(stoppingError());
    const outcome = new Promise<RestartResult>((resolve, reject) => this.#waiters.push({ progress, resolve, reject }));
    if (this.#phase === 'idle') {
      this.#settled = outcome.catch(() => undefined);
      this.#start(options);
    }
    return outcome;
  }

  /** A stop wins: ends the successor unless it serves already. */
  abort(reason: GatewayError): void {
    this.#fail(reason);
  }

  /** Our worker does nothing any more that only one may do. */
  quiesced(): void {
    if (this.#phase === 'retiring') this.#child?.send({ type: 'quiesced' } satisfies SuccessionMessage);
  }

  #start(options: SuccessionRun): void {
    this.#phase = 'starting';
    this.#hasHandedOver = false;
    this.#failure = undefined;
    this.#timeoutMs = options.timeoutMs;
    this.#startedAtMs = this.#deps.clock.now();
    const child = this.#deps.spawn(
      { role: 'supervisor', boot: this.#boot(options), output: 'ignore' },
      { onMessage: (message) => this.#receive(message as SuccessionMessage), onExit: () => void this.#exited() },
    );
    this.#child = child;
    this.#cancelLimit = this.#deps.clock.after(START_LIMIT_MS, () => this.#fail(hangingError(child.pid)));
    this.#deps.log.info({ successor: child.pid }, 'successor starting');
    this.#tell('starting', `successor (pid ${child.pid}) is starting`);
  }

  #boot(options: SuccessionRun): SupervisorBoot {
    const { host, port } = this.#deps.socket();
    return {
      flags: {
        ...this.#deps.flags,
        ...(options.host === undefined ? {} : { host: options.host }),
        ...(options.port === undefined ? {} : { port: options.port }),
        ...(options.token === undefined ? {} : { token: options.token }),
      },
      foreground: false,
      predecessor: {
        pid: process.pid,
        instanceId: this.#deps.instanceId,
        host,
        port,
        ...(options.timeoutMs === undefined ? {} : { drainTimeoutMs: options.timeoutMs }),
      },
    };
  }

  #receive(message: SuccessionMessage): void {
    switch (message.type) {
      case 'takeOver':
        return this.#handOver();
      case 'retire':
        return this.#retire();
      case 'succeeded':
        return this.#succeeded(message);
      case 'dismissed':
        return this.#dismissed(message.timeoutMs);
      case 'failed':
        return this.#fail(fromErrorDocument(message.error));
      default:
    }
  }

  #handOver(): void {
    if (this.#phase !== 'starting') return;
    this.#cancelLimit?.();
    const socket = this.#deps.socket();
    this.#phase = 'handedOver';
    this.#hasHandedOver = true;
    this.#deps.handOver();
    this.#child?.send({ type: 'handOver', host: socket.host, port: socket.port } satisfies SuccessionMessage, socket.handle);
    this.#tell('ready', 'the successor is ready and takes over');
  }

  #retire(): void {
    if (this.#phase !== 'handedOver') return;
    this.#phase = 'retiring';
    this.#deps.retire(this.#timeoutMs);
  }

  #succeeded(message: Extract<SuccessionMessage, { type: 'succeeded' }>): void {
    if (this.#phase !== 'retiring') return;
    this.#phase = 'succeeded';
    this.#deps.log.info({ successor: message.pid, worker: message.workerPid }, 'the successor serves; leaving');
    const result: RestartResult = {
      instanceId: message.instanceId,
      workerPid: message.workerPid,
      pid: message.pid,
      succession: 'successor',
      durationMs: this.#deps.clock.now() - this.#startedAtMs,
    };
    this.#result = result;
    for (const waiter of this.#takeWaiters()) waiter.resolve(result);
    this.#child?.release();
  }

  /** The successor keeps lock and control socket until we have left. */
  #dismissed(timeoutMs: number): void {
    if (this.#phase !== 'handedOver' && this.#phase !== 'retiring') return;
    this.#leave(stoppingError(), timeoutMs);
  }

  #leave(reason: GatewayError, timeoutMs?: number): void {
    this.#phase = 'dismissed';
    this.#deps.stop(timeoutMs);
    for (const waiter of this.#takeWaiters()) waiter.reject(reason);
  }

  #fail(reason: GatewayError): void {
    if (!['starting', 'handedOver', 'retiring'].includes(this.#phase)) return;
    this.#phase = 'failing';
    this.#failure = reason;
    this.#child?.kill();
  }

  async #exited(): Promise<void> {
    this.#cancelLimit?.();
    if (this.#phase === 'idle' || this.isOver) return;
    const error = this.#failure ?? diedError();
    this.#phase = 'failing';
    this.#deps.log.error({ err: error }, 'the succession failed');
    if (this.#hasHandedOver && (await this.#takeBack()) === 'lost') return this.#leave(lostError(error));
    this.#phase = 'idle';
    this.#child = undefined;
    for (const waiter of this.#takeWaiters()) waiter.reject(error);
  }

  async #takeBack(): Promise<'ours' | 'lost'> {
    try {
      const outcome = await this.#deps.takeBack();
      if (outcome === 'lost') this.#deps.log.warn('another gateway has taken over; leaving');
      return outcome;
    } catch (error) {
      this.#deps.log.error({ err: error }, 'lock and control socket could not be taken back');
      return 'ours';
    }
  }

  #takeWaiters(): Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }

  #tell(phase: string, message: string): void {
    for (const waiter of this.#waiters) waiter.progress(phase, message);
  }
}

function lostError(cause: GatewayError): GatewayError {
  return new GatewayError('LOCK_HELD', {
    message: 'the successor died before it served, and another gateway has taken its place',
    hint: 'See it with: xopc gateway status',
    cause,
  });
}

function hangingError(pid: number): GatewayError {
  return new GatewayError('SUCCESSION_FAILED', {
    message: `the successor (pid ${pid}) was not ready after ${START_LIMIT_MS / 1_000} s and was ended`,
    hint: 'Its last words are in: xopc gateway logs',
  });
}

function diedError(): GatewayError {
  return new GatewayError('SUCCESSION_FAILED', {
    message: 'the successor died before it served',
    hint: 'Its last words are in: xopc gateway logs',
  });
}
