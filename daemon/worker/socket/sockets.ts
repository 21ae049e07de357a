/** Manages all WebSockets of the worker: their heartbeat, and closing them with the worker. The owner of `ws`. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket, WebSocketServer } from 'ws';
import { DRAIN_END } from '../../../shared/ipc/drain.js';
import { CLOSE_CODES, SOCKET_LIMITS } from '../../../shared/socket.js';
import { Connection, type ConnectionDeps } from './connection.js';
import { createFrameParser } from './frames.js';

export interface WsModule {
  readonly WebSocketServer: typeof WebSocketServer;
}

export interface SocketsDeps extends Omit<ConnectionDeps, 'parse' | 'authenticate'> {
  /** Loads the bundle of `ws.ts`. */
  readonly loadWs: () => WsModule;
}

/** After the drain time: for the last answers; the rest of `DRAIN_END.answersMs` is for the closing handshake. */
const LAST_ANSWERS_MS = 100;
/** How often a drain checks whether the awaited answers are complete. */
const POLL_MS = 50;

export class Sockets {
  readonly #deps: SocketsDeps;
  #server: WebSocketServer | undefined;
  readonly #open = new Set<Connection>();
  readonly #parse = createFrameParser();
  #cancelBeat: (() => void) | undefined;
  #cancelWindow: (() => void) | undefined;
  #onEmpty: () => void = () => undefined;

  constructor(deps: SocketsDeps) {
    this.#deps = deps;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Completes the handshake of an admitted request. */
  accept(request: IncomingMessage, socket: Socket, context: { head: Buffer } & Pick<ConnectionDeps, 'authenticate'>): void {
    const { head, authenticate } = context;
    this.#server ??= this.#makeServer();
    this.#server.handleUpgrade(request, socket, head, (upgraded) => {
      limitFirstFrame(socket, upgraded);
      this.#begin(upgraded, authenticate);
    });
  }

  /**
   * Closes all connections. Those that wait for an answer from this worker are closed after it, at the latest soon after the drain
   * time. @returns the number that did not close by themselves
   */
  async drain(mode: 'restart' | 'stop', timeoutMs: number): Promise<number> {
    const code = mode === 'restart' ? CLOSE_CODES.restart : CLOSE_CODES.goingAway;
    const endMs = this.#deps.clock.now() + timeoutMs + LAST_ANSWERS_MS;
    const isEmpty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    const closing = new Set<Connection>();
    const look = (): void => {
      const isOver = this.#deps.clock.now() >= endMs;
      for (const connection of this.#open) {
        if (closing.has(connection) || (!isOver && connection.isListening)) continue;
        closing.add(connection);
        connection.close(code, mode === 'restart' ? 'the gateway is restarting' : 'the gateway is stopping');
      }
      if (!isOver && this.#open.size > 0) this.#deps.clock.after(POLL_MS, look);
    };
    look();
    if (this.#open.size === 0) return 0;
    let cut = 0;
    const cancel = this.#deps.clock.after(timeoutMs + DRAIN_END.answersMs, () => {
      cut = this.#open.size;
      this.destroyAll();
    });
    await isEmpty;
    cancel();
    return cut;
  }

  /** Closes the connections whose first frame is no longer accepted. */
  recheck(): void {
    for (const connection of this.#open) void connection.recheck();
  }

  destroyAll(): void {
    for (const connection of this.#open) connection.terminate();
  }

  #makeServer(): WebSocketServer {
    const { WebSocketServer: Server } = this.#deps.loadWs();
    return new Server({
      noServer: true,
      clientTracking: false,
      // Off, because it would cost a compressor per connection.
      perMessageDeflate: false,
      maxPayload: SOCKET_LIMITS.maxFrameBytes,
    });
  }

  #begin(socket: WebSocket, authenticate: ConnectionDeps['authenticate']): void {
    const connection = new Connection(socket, { ...this.#deps, parse: this.#parse, authenticate });
    this.#open.add(connection);
    this.#keepTime();
    socket.once('close', () => {
      this.#open.delete(connection);
      if (this.#open.size === 0) this.#rest();
    });
  }

  /** Starts the timers that all connections share. */
  #keepTime(): void {
    this.#cancelBeat ??= this.#every(
      SOCKET_LIMITS.pingIntervalMs,
      (cancel) => (this.#cancelBeat = cancel),
      (connection) => connection.beat(),
    );
    this.#cancelWindow ??= this.#every(
      SOCKET_LIMITS.windowMs,
      (cancel) => (this.#cancelWindow = cancel),
      (connection) => {
        connection.beginWindow();
        void connection.recheck();
      },
    );
  }

  #every(intervalMs: number, keep: (cancel: () => void) => void, act: (connection: Connection) => void): () => void {
    return this.#deps.clock.after(intervalMs, () => {
      for (const connection of this.#open) act(connection);
      keep(this.#every(intervalMs, keep, act));
    });
  }

  #rest(): void {
    this.#cancelBeat?.();
    this.#cancelWindow?.();
    this.#cancelBeat = undefined;
    this.#cancelWindow = undefined;
    this.#onEmpty();
  }
}

/** Disconnects a client that sends too much before its first frame is complete: nothing is known of it until then. */
function limitFirstFrame(socket: Socket, upgraded: WebSocket): void {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > SOCKET_LIMITS.maxHelloBytes) socket.destroy();
  };
  socket.on('data', count);
  upgraded.once('message', () => socket.off('data', count));
}
