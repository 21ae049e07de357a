/** Stops serving: requests in flight get the drain time, idle connections are closed without a reset, and the rest is aborted. */
import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import type { Clock } from '../../../../shared/clock.js';
import type { CutWork } from '../../../../shared/control/messages.js';
import { DRAIN_END } from '../../../../shared/ipc/drain.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { Connections } from './connections.js';

export type DrainMode = 'restart' | 'stop';

export class Drain {
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #cut = { requests: 0, streams: 0, sockets: 0 };
  #result: Promise<CutWork> | undefined;
  #resolve: (cut: CutWork) => void = () => undefined;
  #deadlineMs = Number.POSITIVE_INFINITY;
  #cancelTimers: () => void = () => undefined;

  constructor(deps: { server: Server; connections: Connections; clock: Clock }) {
    this.#server = deps.server;
    this.#connections = deps.connections;
    this.#clock = deps.clock;
  }

  get isActive(): boolean {
    return this.#result !== undefined;
  }

  /**
   * Stops accepting. Aborts whatever is not done after `timeoutMs` and destroys its connections soon after; ends earlier when
   * nothing is left. `restart`: an idle connection may send one more request; `stop`: idle and half-sent ones are ended at once.
   * A second call can only shorten the drain: an earlier deadline, or `stop` after `restart`. All calls get the same result.
   */
  run(mode: DrainMode, timeoutMs: number): Promise<CutWork> {
    this.#result ??= this.#begin();
    if (mode === 'stop') setImmediate(() => this.#endIdle({ halfSent: true }));
    this.#schedule(timeoutMs);
    if (mode === 'restart') this.#connections.whenEmpty(() => this.#finish());
    return this.#result;
  }

  #begin(): Promise<CutWork> {
    // http.Server's own close would end idle sockets and so reset clients that have just sent a request.
    NetServer.prototype.close.call(this.#server);
    this.#connections.closeAfterResponses();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #schedule(timeoutMs: number): void {
    const deadlineMs = this.#clock.now() + timeoutMs;
    if (deadlineMs >= this.#deadlineMs) return;
    this.#deadlineMs = deadlineMs;
    this.#cancelTimers();
    const cancels = [
      this.#clock.after(timeoutMs, () => this.#abort()),
      this.#clock.after(timeoutMs + DRAIN_END.answersMs, () => this.#cutRest()),
    ];
    this.#cancelTimers = () => cancels.forEach((cancel) => cancel());
  }

  /** Called one turn of the event loop after `run`, so that requests that have arrived are started, not ended. */
  #endIdle(options: { halfSent: boolean }): void {
    this.#cut.sockets += this.#connections.endIdle(options);
    this.#connections.whenEmpty(() => this.#finish());
  }

  #abort(): void {
    const reason = new GatewayError('UNAVAILABLE', {
      message: 'The gateway is restarting or stopping; the turn was interrupted.',
      hint: 'Send it again.',
    });
    const { requests, streams } = this.#connections.abortAll(reason);
    this.#cut.requests += requests;
    this.#cut.streams += streams;
    this.#endIdle({ halfSent: false });
  }

  #cutRest(): void {
    const { requests, streams, sockets } = this.#connections.destroyAll();
    this.#cut.requests += requests;
    this.#cut.streams += streams;
    this.#cut.sockets += sockets;
    this.#finish();
  }

  #finish(): void {
    this.#cancelTimers();
    this.#resolve({ ...this.#cut });
  }
}
