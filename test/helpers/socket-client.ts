/** A client of `/ws` that keeps every frame, for tests. */
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serverFrames, type ServerFrame, type ServerFrameType } from '../../shared/api/socket.js';

type FrameOf<T extends ServerFrameType> = Extract<ServerFrame, { type: T }>;

export interface SocketClient {
  readonly frames: ServerFrame[];
  /** Sends a frame. @returns its id */
  send(type: string, body?: object): string;
  /** Resolves with the first frame, of those not yet waited past, that fits. */
  next<T extends ServerFrameType>(type: T, fits?: (frame: FrameOf<T>) => boolean): Promise<FrameOf<T>>;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly socket: WebSocket;
}

const schemas = serverFrames();

/** Every frame is checked against the contract. */
function read(data: Buffer): ServerFrame {
  const { v, id, type, ...body } = JSON.parse(data.toString('utf8')) as { v: number; id: string; type: ServerFrameType };
  if (v !== 1 || !/^s\d+$/.test(id)) throw new Error(`a frame without v and id: ${data.toString('utf8')}`);
  schemas[type].parse(body);
  return { v, id, type, ...body } as unknown as ServerFrame;
}

/** Opens a socket; nothing is said yet. */
export async function openSocket(port: number, options: { headers?: Record<string, string> } = {}): Promise<SocketClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: options.headers ?? {} });
  onTestFinished(() => socket.terminate());
  const frames: ServerFrame[] = [];
  const waiting = new Set<() => void>();
  let seen = 0;
  let lastId = 0;
  socket.on('message', (data: Buffer) => {
    frames.push(read(data));
    for (const wake of Array.from(waiting)) wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  return {
    frames,
    closed,
    socket,
    send(type, body = {}) {
      const id = `c${++lastId}`;
      socket.send(JSON.stringify({ v: 1, id, type, ...body }));
      return id;
    },
    next(type, fits = () => true) {
      return new Promise((resolve) => {
        const look = (): void => {
          const at = frames.findIndex((frame, index) => index >= seen && frame.type === type && fits(frame as never));
          if (at < 0) return;
          seen = at + 1;
          waiting.delete(look);
          resolve(frames[at] as never);
        };
        waiting.add(look);
        look();
      });
    },
  };
}

/** Opened and greeted. */
export async function greetSocket(port: number, hello: object = {}): Promise<SocketClient> {
  const client = await openSocket(port);
  client.send('hello', hello);
  await client.next('hello');
  return client;
}
