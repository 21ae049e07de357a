/**
 * The control socket: newline frames over the raw connections of `node-ipc` (`rawBuffer`, because with its own framing a peer could
 * crash this process). Owner of `node-ipc` on this side. Handles frames and limits, not the meaning of requests.
 */
import { chmodSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { IPCModule } from 'node-ipc';
import {
  CONTROL_VERSION,
  type ControlReply,
  type ControlRequest,
  MAX_FRAME_BYTES,
  MAX_REPLY_BYTES,
} from '../../../shared/control/messages.js';
import { GatewayError, toErrorDocument } from '../../../shared/errors.js';
import { parseControlRequest } from './control-frames.js';

export interface ControlLimits {
  /** Maximum number of connections; further ones are closed as soon as they are accepted. */
  readonly maxConnections: number;
  /** A connection without a running request is closed after this many milliseconds of silence. */
  readonly idleMs: number;
  /** Maximum number of concurrent requests per connection; one more closes the connection. */
  readonly maxPending: number;
  /** Maximum number of unread answer bytes per connection; more close the connection. */
  readonly maxUnreadBytes: number;
}

const LIMITS: ControlLimits = { maxConnections: 2_048, idleMs: 10_000, maxPending: 32, maxUnreadBytes: MAX_REPLY_BYTES };

export type Progress = (message: string) => void;

/** Carries out a request. @throws GatewayError, which becomes the `error` frame */
export type ControlHandler = (request: ControlRequest, progress: Progress) => Promise<unknown>;

type Listener = IPCModule['server'];

export class ControlServer {
  readonly #path: string;
  readonly #handler: ControlHandler;
  readonly #onError: (error: Error) => void;
  readonly #limits: ControlLimits;
  readonly #connections = new Map<Socket, ControlConnection>();
  #listener: Listener | undefined;
  #inode: number | undefined;
  #isHandedOver = false;

  constructor(options: { path: string; handler: ControlHandler; onError: (error: Error) => void; limits?: Partial<ControlLimits> }) {
    this.#path = options.path;
    this.#handler = options.handler;
    this.#onError = options.onError;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /**
   * Binds under a private name, sets the mode and renames the socket onto the control path, so that a client finds either the
   * predecessor's socket or ours. The caller holds the lock. When called again, takes the path back; existing connections continue.
   */
  async start(): Promise<void> {
    this.#isHandedOver = false;
    const before = this.#listener;
    this.#listener = await this.#listen();
    // Accept pending connections to the old socket first.
    setImmediate(() => before?.stop());
  }

  /** Binds the path again when our socket has disappeared from it: a cleaner of temporary directories may have removed it. */
  async heal(): Promise<void> {
    if (this.#inode !== undefined && this.#inode !== currentInode(this.#path)) await this.start();
  }

  /** The path stays: a successor has renamed its own socket onto it. */
  handOver(): void {
    this.#isHandedOver = true;
    this.#inode = undefined;
  }

  /** Stops listening, removes the path if it is still ours, and ends each connection once its last frame has been sent. */
  close(): void {
    this.#listener?.stop();
    this.#listener = undefined;
    if (this.#inode !== undefined && this.#inode === currentInode(this.#path)) rmSync(this.#path, { force: true });
    this.#inode = undefined;
    for (const socket of this.#connections.keys()) socket.end();
  }

  #listen(): Promise<Listener> {
    const isPipe = process.platform === 'win32';
    const bindPath = isPipe ? this.#path.replace('\\\\.\\pipe\\', '') : `${this.#path}.${process.pid}`;
    const ipc = new IPCModule();
    const { maxConnections } = this.#limits;
    Object.assign(ipc.config, { silent: true, rawBuffer: true, encoding: 'utf8', unlink: false, maxConnections });
    if (!isPipe) removePrivateNames(this.#path);
    return new Promise((resolve, reject) => {
      ipc.serve(bindPath, () => {
        try {
          if (this.#isHandedOver) rmSync(bindPath, { force: true });
          else if (!isPipe) this.#publish(bindPath);
          resolve(ipc.server);
        } catch (error) {
          ipc.server.stop();
          reject(obstructed(this.#path, error));
        }
      });
      ipc.server.on('error', (error) => {
        reject(error);
        // node-ipc also reports disconnecting clients here.
        if (!['ECONNRESET', 'EPIPE'].includes(error.code ?? '')) this.#onError(error);
      });
      ipc.server.on('connect', (socket) => this.#accept(socket));
      ipc.server.on('data', (bytes, socket) => this.#connections.get(socket)?.receive(bytes.toString('utf8')));
      ipc.server.start();
    });
  }

  #publish(bindPath: string): void {
    chmodSync(bindPath, 0o600);
    renameSync(bindPath, this.#path);
    this.#inode = statSync(this.#path).ino;
  }

  #accept(socket: Socket): void {
    const connection = new ControlConnection(socket, this.#handler, this.#limits);
    this.#connections.set(socket, connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
  }
}

/** One client: splits its bytes into frames, runs its requests, and closes the connection when it exceeds the limits. */
class ControlConnection {
  readonly #socket: Socket;
  readonly #handler: ControlHandler;
  readonly #limits: ControlLimits;
  #rest = '';
  #pending = 0;

  constructor(socket: Socket, handler: ControlHandler, limits: ControlLimits) {
    this.#socket = socket;
    this.#handler = handler;
    this.#limits = limits;
    socket.setTimeout(limits.idleMs, () => socket.destroy());
  }

  receive(text: string): void {
    this.#rest += text;
    for (let at = this.#rest.indexOf('\n'); at >= 0 && this.#socket.writable; at = this.#rest.indexOf('\n')) {
      const line = this.#rest.slice(0, at);
      this.#rest = this.#rest.slice(at + 1);
      if (Buffer.byteLength(line) > MAX_FRAME_BYTES) return this.#abort();
      this.#accept(line);
    }
    if (!this.#socket.writable) this.#rest = '';
    if (this.#rest.length > MAX_FRAME_BYTES) this.#abort();
  }

  #abort(): void {
    this.#rest = '';
    this.#socket.destroy();
  }

  #accept(line: string): void {
    const request = parseControlRequest(line);
    if ('refusal' in request) {
      const { id, refusal } = request;
      this.#send({ v: CONTROL_VERSION, id, type: 'error', error: toErrorDocument(refusal) });
      this.#socket.destroySoon(); // not end(): a peer that keeps sending would be read forever
    } else if (this.#pending === this.#limits.maxPending) this.#abort();
    else void this.#serve(request);
  }

  async #serve(request: ControlRequest): Promise<void> {
    const { id } = request;
    this.#pending += 1;
    this.#socket.setTimeout(0); // from now on the request's own deadline applies
    try {
      const result = await this.#handler(request, (message) => this.#send({ v: CONTROL_VERSION, id, type: 'progress', message }));
      this.#send({ v: CONTROL_VERSION, id, type: 'result', result });
    } catch (error) {
      this.#send({ v: CONTROL_VERSION, id, type: 'error', error: toErrorDocument(error) });
    }
    this.#pending -= 1;
    if (this.#pending === 0) this.#socket.setTimeout(this.#limits.idleMs);
  }

  #send(reply: ControlReply): void {
    if (!this.#socket.writable) return;
    this.#socket.write(`${JSON.stringify(reply)}\n`);
    if (this.#socket.writableLength > this.#limits.maxUnreadBytes) this.#abort();
  }
}

/** Explains why the socket cannot be created where clients look for it. */
function obstructed(path: string, error: unknown): unknown {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isDirectory) return error;
  return new GatewayError('CONFIG_INVALID', {
    message: `a directory is in the place of the control socket ${path}`,
    details: { path },
    hint: 'It was not created by the gateway; move it away.',
    cause: error,
  });
}

function currentInode(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** Left by processes that were killed between bind and rename; because we hold the lock, no other process uses it. */
function removePrivateNames(path: string): void {
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path)))
    if (name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))) rmSync(join(dirname(path), name), { force: true });
}
