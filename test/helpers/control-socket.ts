/** A control server on a real socket, and clients that send what they like. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ControlHandler, type ControlLimits, ControlServer } from '../../daemon/supervisor/control/control-server.js';
import { tempDir } from './temp-dir.js';

export interface ServedControl {
  readonly path: string;
  readonly server: ControlServer;
  readonly errors: Error[];
}

export async function serveControl(
  handler: ControlHandler,
  options: { path?: string; limits?: Partial<ControlLimits> } = {},
): Promise<ServedControl> {
  const path = options.path ?? join(tempDir(), 'control.sock');
  const errors: Error[] = [];
  const server = new ControlServer({ path, handler, onError: (error) => errors.push(error), limits: options.limits ?? {} });
  onTestFinished(() => server.close());
  await server.start();
  return { path, server, errors };
}

export interface Frame {
  readonly id: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

export class ControlClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  #rest = '';
  #onFrame: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#receive(chunk));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve());
    });
  }

  static async connect(path: string): Promise<ControlClient> {
    const socket = connect(path);
    const client = new ControlClient(socket);
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return client;
  }

  write(data: string | Buffer): void {
    this.socket.write(data);
  }

  send(request: object): void {
    this.write(`${JSON.stringify({ v: 1, ...request })}\n`);
  }

  /** Resolves when that many frames have come; rejects when the connection closes before. */
  async received(count: number): Promise<Frame[]> {
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#onFrame = () => void (this.frames.length >= count && resolve());
        this.#onFrame();
      }),
      this.closed.then(() => {
        if (this.frames.length < count) throw new Error(`closed after ${this.frames.length} of ${count} frames`);
      }),
    ]);
    return this.frames;
  }

  /** Sends one request and waits for its last frame. */
  async ask(request: object): Promise<Frame | undefined> {
    this.send(request);
    return (await this.received(this.frames.length + 1)).at(-1);
  }

  /** Sends one request and waits for its outcome, past all progress. */
  async outcome(request: object): Promise<Frame> {
    this.send(request);
    for (let count = this.frames.length + 1; ; count += 1) {
      const last = (await this.received(count)).at(-1);
      if (last !== undefined && last.type !== 'progress') return last;
    }
  }

  #receive(text: string): void {
    this.#rest += text;
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    this.frames.push(...lines.map((line) => JSON.parse(line) as Frame));
    this.#onFrame?.();
  }
}
