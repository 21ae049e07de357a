/**
 * The page's WebSocket. It reconnects by itself: at once after a planned restart, when the device's network changes or the tab
 * becomes visible, else after growing delays. It also connects while the device is offline: a gateway on the same machine needs no
 * network. {@link onConnected} runs work on each new connection. Frames that were sent without a connection are lost; the sender
 * repeats them.
 */
import { signal } from '@preact/signals';
import type { ServerFrame } from '../../../shared/api/socket.js';
import { CLOSE_CODES, SOCKET_LIMITS, SOCKET_PATH } from '../../../shared/socket.js';
import { gatewayUrl } from './gateway-url.js';
import { regainSession, session } from './session.js';

type ConnectionState =
  /** `refused`: the access token may not use the socket; only another token changes that. */
  | { readonly kind: 'connecting' | 'online' | 'restarting' | 'unauthorized' | 'refused' }
  /** No gateway has answered; the time of the next attempt, 0 while it runs. */
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly tries: number };

export const connection = signal<ConnectionState>({ kind: 'connecting' });

/** Whether the page waits for the gateway, and says so in its banner. */
export const isGatewayAway = (): boolean => ['connecting', 'waiting', 'restarting'].includes(connection.value.kind);

/** The contents of the gateway's `hello`, a new object for each connection. The first build id is the page's own. */
export const gateway = signal<{ readonly buildId: string; readonly version: string; readonly instanceId: string } | undefined>(undefined);
export const isOutdated = signal(false);

type Listener = (frame: ServerFrame) => void;
interface Waiter {
  resolve(frame: ServerFrame): void;
  reject(error: Error): void;
}

/** A frame without an answer: the connection ended, or the gateway refused it (`code`). */
export class SocketError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(code: string, message: string, details: SocketError['details'] = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

const FIRST_WAIT_MS = 800;
const LAST_WAIT_MS = 15_000;
/** For the handshake and the gateway's hello: a proxy may accept a connection and never answer. */
const HELLO_MS = 10_000;
/** After this time without a frame the connection is probed: the worker pings and answers more often. */
const PROBE_MS = SOCKET_LIMITS.pingIntervalMs;
const ANSWER_MS = 8_000;
/** The same after the device has lost its network: only a gateway on the same machine can answer, which is fast. */
const LOCAL_ANSWER_MS = 1_000;

/** For the other fields of a frame. */
const FRAME_BYTES = 200;

const sizeOf = (body: object): number => new TextEncoder().encode(JSON.stringify(body)).length + FRAME_BYTES;

class PageSocket {
  readonly #listeners = new Set<Listener>();
  readonly #onConnected = new Set<() => void>();
  readonly #waiting = new Map<string, Waiter>();
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #probe: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #lastId = 0;
  #lastEvent: string | undefined;
  #firstBuild: string | undefined;
  #hasRegained = false;

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs on each new connection, and now if there is one. */
  onConnected(run: () => void): () => void {
    this.#onConnected.add(run);
    if (connection.peek().kind === 'online') run();
    return () => this.#onConnected.delete(run);
  }

  /** Sends a frame. @returns its answer. @throws SocketError, also without a connection */
  ask(type: string, body: object): Promise<ServerFrame> {
    if (connection.peek().kind !== 'online') return Promise.reject(new SocketError('UNREACHABLE', ''));
    // The gateway closes the connection on a larger frame, again on each attempt.
    if (sizeOf(body) > SOCKET_LIMITS.maxFrameBytes) return Promise.reject(new SocketError('PAYLOAD_TOO_LARGE', ''));
    const id = this.#send(type, body);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  /** Sends a frame that has no answer of its own. */
  tell(type: string, body: object): void {
    if (connection.peek().kind === 'online') this.#send(type, body);
  }

  connect(): void {
    clearTimeout(this.#timer);
    if (this.#socket !== undefined) return;
    const now = connection.peek();
    if (now.kind === 'waiting') connection.value = { ...now, untilMs: 0 };
    else if (now.kind !== 'restarting' && now.kind !== 'refused') connection.value = { kind: 'connecting' };
    const url = gatewayUrl(SOCKET_PATH);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#greet());
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)));
    socket.addEventListener('close', ({ code }) => this.#onClose(socket, code));
    this.#giveUpAfter(socket, HELLO_MS);
  }

  /** Probes the connection at once, or connects. */
  wake(answerMs = ANSWER_MS): void {
    if (this.#socket === undefined) {
      this.#tries = 0;
      this.connect();
    } else this.#probeNow(answerMs);
  }

  #greet(): void {
    this.#send('hello', this.#lastEvent === undefined ? {} : { resume: this.#lastEvent });
  }

  #send(type: string, body: object): string {
    const id = `p${++this.#lastId}`;
    this.#socket?.send(JSON.stringify({ v: 1, id, type, ...body }));
    return id;
  }

  #receive(data: string): void {
    const frame = JSON.parse(data) as ServerFrame;
    this.#scheduleProbe();
    if (frame.type === 'hello') this.#onHello(frame);
    if (frame.type === 'event') this.#lastEvent = frame.event;
    if (frame.type === 'error' && frame.error.code === 'FORBIDDEN' && connection.peek().kind !== 'online')
      connection.value = { kind: 'refused' };
    if ('re' in frame && frame.re !== undefined) {
      const waiter = this.#waiting.get(frame.re);
      this.#waiting.delete(frame.re);
      if (frame.type === 'error') waiter?.reject(new SocketError(frame.error.code, frame.error.message, frame.error.details));
      else waiter?.resolve(frame);
    }
    for (const listener of this.#listeners) listener(frame);
  }

  #onHello({ buildId, version, instanceId }: Extract<ServerFrame, { type: 'hello' }>): void {
    this.#firstBuild ??= buildId;
    if (buildId !== this.#firstBuild) isOutdated.value = true;
    gateway.value = { buildId, version, instanceId };
    this.#tries = 0;
    this.#hasRegained = false;
    connection.value = { kind: 'online' };
    for (const run of this.#onConnected) run();
  }

  #onClose(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    clearTimeout(this.#probe);
    for (const waiter of this.#waiting.values()) waiter.reject(new SocketError('UNREACHABLE', ''));
    this.#waiting.clear();
    if (code === CLOSE_CODES.restart && this.#tries === 0) {
      connection.value = { kind: 'restarting' };
      this.#tries = 1;
      this.connect();
    } else if (code !== CLOSE_CODES.unauthorized) this.#wait();
    else if (connection.peek().kind !== 'refused') void this.#regain();
  }

  async #regain(): Promise<void> {
    connection.value = { kind: 'unauthorized' };
    const isSecond = this.#hasRegained;
    this.#hasRegained = await regainSession();
    if (isSecond) this.#wait();
    else if (this.#hasRegained) this.connect();
  }

  #wait(): void {
    const most = Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries);
    // The first delay is short: a crashed worker has a successor within 200 ms.
    const waitMs = this.#tries === 0 ? 250 : most * (0.5 + Math.random() / 2);
    this.#tries += 1;
    connection.value = { kind: 'waiting', untilMs: Date.now() + waitMs, tries: this.#tries };
    this.#timer = setTimeout(() => this.connect(), waitMs);
  }

  #scheduleProbe(): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => this.#probeNow(), PROBE_MS);
  }

  #probeNow(answerMs = ANSWER_MS): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    this.#send('ping', {});
    this.#giveUpAfter(socket, answerMs);
  }

  /** Without a frame until then, the connection counts as lost: a peer that does not answer does not close it either. */
  #giveUpAfter(socket: WebSocket, waitMs: number): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => {
      socket.close();
      this.#onClose(socket, 1006);
    }, waitMs);
  }
}

export const pageSocket = new PageSocket();

/** Connects, and probes the connection when the device's network changes or the tab becomes visible. */
export function startSocket(): void {
  window.addEventListener('online', () => pageSocket.wake());
  window.addEventListener('offline', () => pageSocket.wake(LOCAL_ANSWER_MS));
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && pageSocket.wake());
  // Someone has signed in, perhaps with another token.
  session.subscribe(() => connection.peek().kind === 'refused' && pageSocket.wake());
  pageSocket.connect();
}
