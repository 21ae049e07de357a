/**
 * Tracks every open socket and every request in flight: `status` counts them, and a drain waits for them or aborts them.
 * A caller that takes a socket over, such as a WebSocket, calls {@link Connections.release}.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../../../../shared/errors.js';
import { rawAnswer } from './raw-answer.js';

export type WorkKind = 'request' | 'stream';

interface Work {
  readonly response: ServerResponse;
  kind: WorkKind;
  abort: AbortController | undefined;
  /** Counted when it was aborted; not counted again. */
  isCut: boolean;
}

interface SocketState {
  /** Requests in flight on it: more than one if the client pipelines. */
  readonly work: Work[];
  /** `socket.bytesRead` when the last request ended; a greater value means that the next one has begun to arrive. */
  bytesAtRest: number;
  /** Ended by the gateway but not closed yet. */
  isEnding: boolean;
}

/**
 * Requests are kept with their socket, not in one Map: a Map that changes with each request is rehashed all the time, and
 * each abandoned table keeps the requests of that moment alive until the next full garbage collection.
 */
export class Connections {
  readonly #sockets = new Map<Socket, SocketState>();
  #inFlight = 0;
  #isClosing = false;
  #endsAtRest = false;
  #onEmpty: () => void = () => undefined;

  get open(): number {
    return this.#sockets.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  attach(server: Server): void {
    server.on('connection', (socket) => {
      this.#sockets.set(socket, { work: [], bytesAtRest: 0, isEnding: false });
      socket.once('close', () => {
        this.release(socket);
      });
    });
  }

  /** Stops tracking a socket that has closed or that another owner has taken over. */
  release(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#notify();
  }

  /** Called at the start of each request. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#isClosing) response.shouldKeepAlive = false;
    const work: Work = { response, kind: 'request', abort: undefined, isCut: false };
    this.#sockets.get(socket)?.work.push(work);
    this.#inFlight += 1;
    response.on('close', () => this.#finish(work, socket));
  }

  isIdle(socket: Socket): boolean {
    return (this.#sockets.get(socket)?.work.length ?? 0) === 0;
  }

  /** Whether an answer's header has been sent, so that further bytes would be read as part of its body. */
  hasBegunAnswer(socket: Duplex): boolean {
    return this.#sockets.get(socket as Socket)?.work.some(({ response }) => response.headersSent) ?? false;
  }

  /**
   * Returns the signal of one request. It aborts with UNAVAILABLE at the end of the drain time and when the client disconnects.
   * @param options.survivesClient  true: does not abort when the client disconnects.
   */
  abortable(response: ServerResponse, kind: WorkKind, options: { survivesClient?: boolean } = {}): AbortSignal {
    const controller = new AbortController();
    const work = this.#sockets.get(response.req.socket)?.work.find((one) => one.response === response);
    if (work !== undefined) {
      work.kind = kind;
      work.abort = controller;
    }
    if (options.survivesClient !== true) response.once('close', () => abortUnlessFinished(response, controller));
    return controller.signal;
  }

  /** Makes each response whose header has not been sent ask its client to close the connection. */
  closeAfterResponses(): void {
    this.#isClosing = true;
    for (const { response } of this.#allWork()) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /**
   * Ends idle sockets now, and the others when their request ends.
   * @param options.halfSent  also ends those on which a request has begun to arrive, with a 503.
   * @returns the number of those
   */
  endIdle(options: { halfSent: boolean }): number {
    this.#endsAtRest = true;
    let halfSent = 0;
    for (const [socket, state] of this.#sockets) {
      if (state.work.length > 0 || state.isEnding) continue;
      const isHalfSent = socket.bytesRead > state.bytesAtRest;
      if (isHalfSent && !options.halfSent) continue;
      if (isHalfSent) {
        halfSent += 1;
        rawAnswer(socket, new GatewayError('UNAVAILABLE', { message: 'The gateway is stopping; the request was incomplete.' }));
      }
      state.isEnding = true;
      socket.destroySoon();
    }
    return halfSent;
  }

  /** Aborts requests that have a signal. @returns how many requests and streams were aborted */
  abortAll(reason: Error): { requests: number; streams: number } {
    const cut = { requests: 0, streams: 0 };
    for (const work of this.#allWork()) {
      if (work.abort === undefined || work.isCut) continue;
      work.isCut = true;
      cut[work.kind === 'stream' ? 'streams' : 'requests'] += 1;
      work.abort.abort(reason);
    }
    return cut;
  }

  /** Destroys every socket. @returns the requests, streams and sockets that were not counted before */
  destroyAll(): { requests: number; streams: number; sockets: number } {
    const cut = { requests: 0, streams: 0, sockets: 0 };
    for (const work of this.#allWork()) if (!work.isCut) cut[work.kind === 'stream' ? 'streams' : 'requests'] += 1;
    for (const [socket, state] of this.#sockets) {
      if (state.work.length === 0 && !state.isEnding) cut.sockets += 1;
      socket.destroy();
    }
    return cut;
  }

  /** Calls back once no socket and no request is left. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    this.#notify();
  }

  #finish(work: Work, socket: Socket): void {
    this.#inFlight -= 1;
    const state = this.#sockets.get(socket);
    if (state !== undefined) {
      state.work.splice(state.work.indexOf(work), 1);
      state.bytesAtRest = socket.bytesRead;
      if (this.#endsAtRest && state.work.length === 0) {
        state.isEnding = true;
        socket.destroySoon();
      }
    }
    this.#notify();
  }

  #notify(): void {
    if (this.#sockets.size === 0 && this.#inFlight === 0) this.#onEmpty();
  }

  *#allWork(): Generator<Work> {
    for (const { work } of this.#sockets.values()) yield* work;
  }
}

function abortUnlessFinished(response: ServerResponse, controller: AbortController): void {
  if (!response.writableFinished) controller.abort(new GatewayError('UNAVAILABLE', { message: 'the client disconnected' }));
}
