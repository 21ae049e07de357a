/** A control socket that does what a test says, on a real path. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { onTestFinished } from 'vitest';
import { CONTROL_VERSION, type ControlRequest, type OwnToken } from '../../shared/control/messages.js';
import type { StatusDocument } from '../../shared/api/gateway/status.js';
import { fakeStatus } from '../helpers/fake-status.js';

export type Behaviour = (socket: Socket, request: ControlRequest) => void;

export interface FakeControl {
  readonly server: Server;
  readonly requests: ControlRequest[];
  readonly connections: () => number;
}

/** The status of this process as a gateway with a worker. */
export const sampleStatus: StatusDocument = {
  ...fakeStatus,
  pid: process.pid,
  host: '127.0.0.1',
  auth: { enabled: false, tokenHint: 'abc12345...xyz67890' },
  worker: {
    pid: 4711,
    instanceId: 'wk_1',
    version: fakeStatus.version,
    startedAt: fakeStatus.startedAt,
    rssBytes: 104_857_600,
    connections: 3,
    inFlight: 1,
    channels: {},
  },
};

export function frame(request: Pick<ControlRequest, 'id'>, content: object): string {
  return `${JSON.stringify({ v: CONTROL_VERSION, id: request.id, ...content })}\n`;
}

/** Answers every request with one result, and that for the token with `token`. */
export function answers(result: unknown, token: OwnToken | null = null): Behaviour {
  return (socket, request) => void socket.write(frame(request, { type: 'result', result: request.type === 'token' ? token : result }));
}

/** Listens on `path`; `behave` is called for every request line. */
export async function fakeControl(path: string, behave: Behaviour): Promise<FakeControl> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const requests: ControlRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      for (const line of chunk.toString('utf8').split('\n').filter(Boolean)) {
        const request = JSON.parse(line) as ControlRequest;
        requests.push(request);
        behave(socket, request);
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, requests, connections: () => connections };
}
