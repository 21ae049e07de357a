/**
 * A running supervisor's side of a succession: spawns a successor from the build on disk, hands lock, control socket
 * and listening handle over once the successor's worker is ready, drains its own worker and leaves. If the successor
 * cannot start or dies before it serves, everything is taken back and this gateway continues.
 */
import type { Clock } from '../../../shared/clock.js';
import type { RestartResult, SuccessionOptions } from '../../../shared/control/messages.js';
import { type Deferred, deferred } from '../state/deferred.js';
import { fromErrorDocument, GatewayError } from '../../../shared/errors.js';
import { definedFields } from '../../../shared/fields.js';
import type { SuccessionMessage, SupervisorBoot } from '../../../shared/ipc/messages.js';
import type { Logger } from '../../../shared/node/log/logger.js';
import type { Child, ChildExit, SpawnChild } from '../workers/child-process.js';
import { describeSpawnError } from '../workers/exit-record.js';
import type { Progress } from '../control/control-server.js';
import { RestartTicket } from '../state/restart-ticket.js';
import { stoppingError, type StopPurpose } from '../state/stop-plan.js';
import type { Supervisor } from '../supervisor.js';
import type { GatewayResources } from './gateway-resources.js';
import { limitWait } from './patience.js';
import { type SuccessionEffect, type SuccessionEvent, type SuccessionState, successionTransition } from './succession-table.js';

/** A successor ends a worker that is not ready after 120 s by itself; one that hangs, or was stopped (SIGSTOP), cannot. */
export const START_LIMIT_MS = 150_000;
/** From the hand-over to the successor's `succeeded`, beyond the drain time of our worker; its worker has 30 s to listen. */
export const SERVE_LIMIT_MS = 60_000;

interface SuccessionDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly flags: SupervisorBoot['flags'];
  readonly spawn: SpawnChild;
  readonly resources: Pick<GatewayResources, 'socket' | 'handOver' | 'takeBack'>;
  readonly supervisor: Pick<Supervisor, 'requestStop'>;
  readonly config: { readonly settings: { readonly drainTimeoutMs: number } };
}

interface SuccessionRun extends SuccessionOptions {
  /** Drain deadline of our worker; undefined: the configured one. */
  readonly timeoutMs?: number | undefined;
}

export class Succession {
  readonly #deps: SuccessionDeps;
  #state: SuccessionState = 'idle';
  #options: SuccessionRun = {};
  #child: Child | undefined;
  #failure: GatewayError | undefined;
  #result: RestartResult | undefined;
  #ticket: RestartTicket | undefined;
  #settling: Deferred<void> | undefined;
  #cancelLimit: (() => void) | undefined;

  constructor(deps: SuccessionDeps) {
    this.#deps = deps;
  }

  get isUnderWay(): boolean {
    return this.#state !== 'idle';
  }

  /** Whether this gateway leaves, whatever happens. */
  get isOver(): boolean {
    return this.#state === 'succeeded' || this.#state === 'dismissed';
  }

  get successorPid(): number | undefined {
    return this.#state === 'dismissed' ? undefined : this.#child?.pid;
  }

  /** Resolves once a successor serves, or has failed and lock and sockets are ours again. This process must not leave before. */
  get settled(): Promise<void> {
    return this.#settling?.promise ?? Promise.resolve();
  }

  /** Starts a succession or joins the one under way. @throws SUCCESSION_FAILED, STOPPING, or the successor's own reason */
  run(options: SuccessionRun, progress: Progress): Promise<RestartResult> {
    if (this.#result !== undefined) return Promise.resolve(this.#result);
    if (this.#state === 'dismissed') return Promise.reject(stoppingError());
    if (this.#state === 'idle') {
      this.#settling = deferred();
      this.#options = options;
    }
    this.#ticket ??= new RestartTicket({ clock: this.#deps.clock, timeoutMs: options.timeoutMs });
    const outcome = this.#ticket.join(progress);
    this.#dispatch({ type: 'run' });
    return outcome;
  }

  /** Kills the successor unless it serves already: a stop wins. */
  abort(reason: GatewayError): void {
    this.#dispatch({ type: 'fail', reason });
  }

  /** Our worker has stopped everything that only one worker may do. */
  quiesced(): void {
    this.#dispatch({ type: 'quiesced' });
  }

  #dispatch(event: SuccessionEvent): void {
    const { state, effects } = successionTransition(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect, event);
  }

  #carryOut(effect: SuccessionEffect, event: SuccessionEvent): void {
    const effects: Record<SuccessionEffect, () => void> = {
      spawn: () => this.#spawn(),
      handOver: () => this.#handOver(),
      drainWorker: () => this.#stop('succession', this.#options.timeoutMs),
      reportQuiesced: () => this.#send({ type: 'quiesced' }),
      complete: () => (event.type === 'succeeded' ? this.#complete(event) : undefined),
      killSuccessor: () => {
        if (event.type === 'fail') this.#failure = event.reason;
        this.#child?.kill();
      },
      reclaim: () => void this.#reclaim(),
      reportFailure: () => this.#reportFailure(),
      // The successor keeps lock and control socket until this process has left.
      leaveWithSuccessor: () => this.#leave(stoppingError(), event.type === 'dismissed' ? event.timeoutMs : undefined),
      leaveToOther: () => this.#leave(lostError(this.#failure)),
    };
    effects[effect]();
  }

  #spawn(): void {
    const { log, spawn } = this.#deps;
    const child = spawn(
      { role: 'supervisor', boot: this.#boot(this.#options), output: 'ignore' },
      { onMessage: (message) => this.#receive(message as SuccessionMessage), onExit: (exit) => this.#exited(exit) },
    );
    this.#child = child;
    this.#failure = undefined;
    this.#limit(child.pid, START_LIMIT_MS);
    log.info({ successor: child.pid }, 'successor starting');
    this.#report(`successor (pid ${child.pid}) is starting`);
  }

  #boot({ host, port, token, timeoutMs }: SuccessionRun): SupervisorBoot {
    const { socket } = this.#deps.resources;
    return {
      flags: {
        ...this.#deps.flags,
        ...definedFields({ host, port, token }),
      },
      foreground: false,
      predecessor: {
        host: socket.host,
        port: socket.port,
        ...(timeoutMs === undefined ? {} : { drainTimeoutMs: timeoutMs }),
      },
    };
  }

  #receive(message: SuccessionMessage): void {
    switch (message.type) {
      case 'takeOver':
      case 'retire':
      case 'succeeded':
      case 'dismissed':
        return this.#dispatch(message);
      case 'failed':
        return this.abort(fromErrorDocument(message.error));
      default: // ours, or of a newer build
    }
  }

  #limit(pid: number, limitMs: number): void {
    this.#cancelLimit?.();
    this.#cancelLimit = limitWait(this.#deps.clock, limitMs, () => this.abort(hangingError(pid, limitMs)));
  }

  #handOver(): void {
    const { resources, config } = this.#deps;
    const { host, port, handle } = resources.socket;
    if (this.#child !== undefined)
      this.#limit(this.#child.pid, SERVE_LIMIT_MS + (this.#options.timeoutMs ?? config.settings.drainTimeoutMs));
    resources.handOver();
    this.#send({ type: 'handOver', host, port }, handle);
    this.#report('the successor is ready and takes over');
  }

  #complete({ pid, workerPid, instanceId }: Extract<SuccessionMessage, { type: 'succeeded' }>): void {
    const { clock, log } = this.#deps;
    this.#cancelLimit?.();
    log.info({ successor: pid, worker: workerPid }, 'the successor is serving; exiting');
    const durationMs = clock.now() - (this.#ticket?.startedAtMs ?? clock.now());
    this.#result = { instanceId, workerPid, pid, succession: 'successor', durationMs };
    this.#ticket?.complete(this.#result);
    this.#settling?.resolve();
    this.#child?.release();
  }

  #leave(reason: GatewayError, timeoutMs?: number): void {
    this.#stop('stop', timeoutMs);
    this.#fail(reason);
  }

  /** @param timeoutMs  drain deadline of our worker; default: the configured one */
  #stop(purpose: StopPurpose, timeoutMs = this.#deps.config.settings.drainTimeoutMs): void {
    void this.#deps.supervisor.requestStop({ purpose, timeoutMs }, () => undefined);
  }

  #exited({ spawnError }: ChildExit): void {
    this.#cancelLimit?.();
    if (this.isOver) return;
    this.#failure ??= spawnError === undefined ? diedError() : spawnFailed(spawnError);
    this.#deps.log.error({ err: this.#failure }, 'the succession failed');
    this.#dispatch({ type: 'exited' });
  }

  async #reclaim(): Promise<void> {
    const { log } = this.#deps;
    const outcome = await this.#deps.resources.takeBack().catch((error: unknown) => {
      log.error({ err: error }, 'failed to take back the lock and the control socket');
    });
    if (outcome === 'lost') log.warn('another gateway has taken over; exiting');
    this.#dispatch({ type: outcome === 'lost' ? 'lost' : 'reclaimed' });
  }

  #reportFailure(): void {
    this.#child = undefined;
    this.#fail(this.#failure ?? diedError());
  }

  #fail(reason: GatewayError): void {
    this.#ticket?.fail(reason);
    this.#ticket = undefined;
    this.#settling?.resolve();
  }

  #send(message: SuccessionMessage, handle?: object): void {
    this.#child?.send(message, handle);
  }

  #report(message: string): void {
    this.#ticket?.progress(message);
  }
}

function lostError(cause: unknown): GatewayError {
  return new GatewayError('LOCK_HELD', {
    message: 'the successor exited before it was ready, and another gateway has taken over',
    hint: 'See it with: xopc gateway status',
    cause,
  });
}

function hangingError(pid: number, limitMs: number): GatewayError {
  return new GatewayError('SUCCESSION_FAILED', {
    message: `the successor (pid ${pid}) was not ready after ${Math.round(limitMs / 1_000)} s and was ended`,
    hint: 'Show its last output with: xopc gateway logs',
  });
}

function spawnFailed(reason: string): GatewayError {
  const next = reason.endsWith('ENOENT')
    ? 'Install Node.js again where it was, or run: xopc gateway stop   Then: xopc gateway start'
    : 'Try again when the shortage is over.';
  return new GatewayError('SUCCESSION_FAILED', {
    message: `failed to start the successor: ${describeSpawnError(reason)}`,
    hint: `The running gateway continues. ${next}`,
  });
}

function diedError(): GatewayError {
  return new GatewayError('SUCCESSION_FAILED', {
    message: 'the successor exited before it was ready',
    hint: 'Show its last output with: xopc gateway logs',
  });
}
