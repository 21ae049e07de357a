/**
 * Tracks every open socket and every request in flight: `status` counts them, and a drain waits for them or aborts them. A
 * connection answers requests one after another, so at most one answer waits for a client that does not read. Code that takes over
 * a socket, such as a WebSocket, calls {@link Connections.release}.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../../../../shared/errors.js';
import { PacedStarts } from './paced-starts.js';
import { rawAnswer } from './raw-answer.js';

export type WorkKind = 'request' | 'stream';

interface Work {
  readonly response: ServerResponse;
  kind: WorkKind;
  abort: AbortController | undefined;
  /** Counted when it was aborted; not counted again. */
  isCut: boolean;
  /** The id of the access token that it was admitted with. */
  tokenId: string | undefined;
}

/** One request and its answer, in the server's form. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

interface SocketState {
  /** The request in flight. */
  work: Work | undefined;
  /** Pipelined requests that have arrived behind it. */
  readonly waiting: Parameters<Handle>[];
  /** `socket.bytesRead` when the last request ended; a greater value means that the next one has begun to arrive. */
  bytesAtRest: number;
  /** Ended by the gateway but not closed yet. */
  isEnding: boolean;
}

export interface ConnectionsDeps {
  /** Answers a request. */
  readonly handle: Handle;
  /** Whether connections should close after their last answer. */
  readonly isClosing: () => boolean;
  /** A client with more waiting requests than this is disconnected. */
  readonly maxPipelined: number;
  /** Whether its client is remote and has not presented credentials. */
  readonly isAnonymous: (socket: Socket) => boolean;
}

/**
 * Requests are kept with their socket, not in one Map: a Map that changes with each request is rehashed all the time, and
 * each abandoned table keeps the requests of that moment alive until the next full garbage collection.
 */
export class Connections {
  readonly #sockets = new Map<Socket, SocketState>();
  readonly #deps: ConnectionsDeps;
  readonly #paced = new PacedStarts();
  #inFlight = 0;
  #endsAtRest = false;
  #onEmpty: () => void = () => undefined;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  get open(): number {
    return this.#sockets.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  attach(server: Server): void {
    server.on('connection', (socket) => {
      // Emitted again for a socket whose offer to upgrade was ignored.
      if (this.#sockets.has(socket)) return;
      this.#paced.noteAccepted();
      const state: SocketState = { work: undefined, waiting: [], bytesAtRest: 0, isEnding: false };
      this.#sockets.set(socket, state);
      socket.once('close', () => {
        state.waiting.length = 0;
        this.release(socket);
      });
    });
  }

  /** Stops tracking a socket that has closed or that another owner has taken over. */
  release(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#notify();
  }

  /** Called with each arriving request. Starts it once earlier requests on its connection have been answered. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const state = this.#sockets.get(socket);
    if (state === undefined || state.waiting.length > this.#deps.maxPipelined) return endParsing(socket);
    if (isIdle(state) && !this.#deps.isAnonymous(socket)) return this.#start(state, request, response);
    state.waiting.push([request, response]);
    if (state.work === undefined && state.waiting.length === 1) this.#startLater(state, socket);
  }

  /** Runs the handler of an upgrade when a request of that client would be started; never if the client is dismissed first. */
  startUpgrade(socket: Socket, start: () => void): void {
    const { isAnonymous } = this.#deps;
    if (!isAnonymous(socket)) return start();
    this.#paced.add(() => {
      const stays = !socket.destroyed && isAnonymous(socket);
      if (stays) start();
      return stays;
    });
  }

  isIdle(socket: Socket): boolean {
    const state = this.#sockets.get(socket);
    return state === undefined || isIdle(state);
  }

  /** Sockets with bytes that their client has not read yet. */
  unread(): Socket[] {
    return [...this.#sockets.keys()].filter(({ writableLength }) => writableLength > 0);
  }

  /** Whether an answer's header has been sent, so that further bytes would be read as part of its body. */
  hasBegunAnswer(socket: Duplex): boolean {
    return this.#sockets.get(socket as Socket)?.work?.response.headersSent ?? false;
  }

  /**
   * Returns the signal of one request. It aborts with UNAVAILABLE at the end of the drain time, when the client disconnects, and
   * after the answer to a HEAD request, whose body nobody reads.
   * @param options.survivesClient  true: does not abort when the client disconnects.
   */
  abortable(response: ServerResponse, kind: WorkKind, options: { survivesClient?: boolean } = {}): AbortSignal {
    const controller = new AbortController();
    const work = this.#workOf(response);
    if (work !== undefined) {
      work.kind = kind;
      work.abort = controller;
    }
    if (options.survivesClient !== true) response.once('close', () => abortUnlessRead(response, controller));
    return controller.signal;
  }

  /** Records the access token of a request, so that {@link endAnswersTo} can end its answer. @param tokenId  undefined: its answer is not ended */
  noteToken(response: ServerResponse, tokenId: string | undefined): void {
    const work = this.#workOf(response);
    if (work !== undefined) work.tokenId = tokenId;
  }

  /** Disconnects clients that wait for answers to requests of an access token. */
  endAnswersTo(tokenId: string): void {
    for (const work of this.#allWork()) if (work.tokenId === tokenId) work.response.destroy();
  }

  /** Makes the last response of each connection ask its client to close it, unless its header has been sent. */
  closeAfterResponses(): void {
    for (const { work, waiting } of this.#sockets.values())
      if (work !== undefined && !work.response.headersSent && waiting.length === 0) work.response.shouldKeepAlive = false;
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
      if (!isIdle(state) || state.isEnding) continue;
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
      if (isIdle(state) && !state.isEnding) cut.sockets += 1;
      socket.destroy();
    }
    return cut;
  }

  /** Calls back once no sockets or requests are left. */
  whenEmpty(callback: () => void): void {
    this.#onEmpty = callback;
    this.#notify();
  }

  #start(state: SocketState, request: IncomingMessage, response: ServerResponse): void {
    const { handle, isClosing } = this.#deps;
    if (isClosing() && state.waiting.length === 0) response.shouldKeepAlive = false;
    state.work = { response, kind: 'request', abort: undefined, isCut: false, tokenId: undefined };
    this.#inFlight += 1;
    response.on('close', () => this.#finish(state, request.socket));
    handle(request, response);
  }

  #finish(state: SocketState, socket: Socket): void {
    this.#inFlight -= 1;
    state.work = undefined;
    state.bytesAtRest = socket.bytesRead;
    // It was the last answer, or the client has disconnected.
    if (!socket.writable) state.waiting.length = 0;
    if (state.waiting.length > 0) this.#startLater(state, socket);
    else if (this.#endsAtRest) {
      state.isEnding = true;
      socket.destroySoon();
    }
    this.#notify();
  }

  /** Deferred to the next turn of the event loop, so that a pipelining client does not get more time than others. */
  #startLater(state: SocketState, socket: Socket): void {
    const start = (): boolean => this.#startNext(state, socket);
    if (this.#deps.isAnonymous(socket)) this.#paced.add(start);
    else setImmediate(start);
  }

  #startNext(state: SocketState, { writable }: Socket): boolean {
    const next = state.waiting.shift();
    if (next === undefined || !writable) return false;
    this.#start(state, ...next);
    return true;
  }

  #notify(): void {
    if (this.#sockets.size === 0 && this.#inFlight === 0) this.#onEmpty();
  }

  #workOf(response: ServerResponse): Work | undefined {
    const work = this.#sockets.get(response.req.socket)?.work;
    return work?.response === response ? work : undefined;
  }

  *#allWork(): Generator<Work> {
    for (const { work } of this.#sockets.values()) if (work !== undefined) yield work;
  }
}

/** Private API of Node: called with each parsed request. The result 2 ends parsing, as for an upgrade. */
interface ParsedSocket {
  readonly parser?: { onIncoming: () => number } | null;
}

/** Disconnects a client and drops its buffered input, from which Node would still parse up to a thousand requests. */
function endParsing(socket: Socket): void {
  const { parser } = socket as ParsedSocket;
  if (parser) parser.onIncoming = () => 2;
  socket.destroy();
}

function isIdle({ work, waiting }: SocketState): boolean {
  return work === undefined && waiting.length === 0;
}

function abortUnlessRead(response: ServerResponse, controller: AbortController): void {
  if (!response.writableFinished) controller.abort(new GatewayError('UNAVAILABLE', { message: 'the client disconnected' }));
  else if (response.req.method === 'HEAD')
    controller.abort(new GatewayError('UNAVAILABLE', { message: 'nobody reads the body of a HEAD' }));
}
