/**
 * Every open socket and every request in flight: what `status` counts, what a drain waits for, and what it cuts.
 * Upgraded sockets are not idle ones: whoever takes a socket over calls {@link Connections.release}.
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
  /** Already counted as cut, when it was aborted. */
  isCut: boolean;
}

interface SocketState {
  /** What is in flight on it: mostly one, more where a client sends on without waiting. */
  readonly work: Work[];
  /** `socket.bytesRead` when the last request ended; more than that means that the next one has begun to arrive. */
  bytesAtRest: number;
  /** Ended by us and only not closed yet. */
  isEnding: boolean;
}

/**
 * What is in flight is kept with its socket, not in one collection of all: a Map that is written to with each request
 * leaves its former tables behind, and each keeps what was in flight then alive until the next full collection.
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

  /** Forgets a socket that has closed or that somebody else looks after from now on. */
  release(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#notify();
  }

  /** Called for each request before anything else. */
  begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#isClosing) response.shouldKeepAlive = false;
    const state = this.#sockets.get(socket);
    state?.work.push({ response, kind: 'request', abort: undefined, isCut: false });
    this.#inFlight += 1;
    response.on('close', () => this.#finish(response, socket));
  }

  isIdle(socket: Socket): boolean {
    return (this.#sockets.get(socket)?.work.length ?? 0) === 0;
  }

  /** Whether an answer's header is on its way already, so that anything more would be read as a part of it. */
  hasBegunAnswer(socket: Duplex): boolean {
    return this.#sockets.get(socket as Socket)?.work.some(({ response }) => response.headersSent) ?? false;
  }

  /**
   * The signal of one request: aborts when a drain is about to end, with UNAVAILABLE, and when the client has gone away.
   * @param options.survivesClient  true: goes on without the client, because its outcome is wanted elsewhere.
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

  /** From now on each response asks its client to close; one that has its header sent already cannot. */
  closeAfterResponses(): void {
    this.#isClosing = true;
    for (const { response } of this.#allWork()) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  /**
   * Ends the sockets without a request in flight, and from now on each one whose request ends.
   * @param options.halfSent  also those on which a request has begun to arrive; they are told 503.
   * @returns how many of those there were
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
        rawAnswer(socket, new GatewayError('UNAVAILABLE', { message: 'The gateway stops; the request had not arrived in full.' }));
      }
      state.isEnding = true;
      socket.destroySoon();
    }
    return halfSent;
  }

  /** Aborts what can be aborted. @returns how many requests and streams that were */
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

  /** Destroys every socket. @returns what was cut by it and not counted before */
  destroyAll(): { requests: number; streams: number; sockets: number } {
    const cut = { requests: 0, streams: 0, sockets: 0 };
    for (const work of this.#allWork()) if (!work.isCut) cut[work.kind === 'stream' ? 'streams' : 'requests'] += 1;
    for (const [socket, state] of this.#sockets) {
      if (state.work.length === 0 && !state.isEnding) cut.sockets += 1;
      socket.destroy();
    }
    return cut;
  }

  /** Calls back once nothing is left; at once when that is so already. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    this.#notify();
  }

  #finish(response: ServerResponse, socket: Socket): void {
    this.#inFlight -= 1;
    const state = this.#sockets.get(socket);
    if (state !== undefined) {
      state.work.splice(
        state.work.findIndex((one) => one.response === response),
        1,
      );
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
  if (!response.writableFinished) controller.abort(new GatewayError('UNAVAILABLE', { message: 'the client has gone away' }));
}
