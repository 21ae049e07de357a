/** Requests with full control over header and bytes. */
import { once } from 'node:events';
import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  /** Sent as JSON with its content type, unless it is a string or bytes: those are sent as they are. */
  readonly body?: unknown;
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; undefined where it is no JSON. */
  readonly json: Record<string, unknown> | undefined;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Sends one request. @returns the answer, or rejects when the connection fails */
export async function sendRequest(port: number, path: string, ask: Ask = {}): Promise<Answer> {
  const isRaw = typeof ask.body === 'string' || Buffer.isBuffer(ask.body);
  const body = ask.body === undefined ? undefined : isRaw ? (ask.body as string | Buffer) : JSON.stringify(ask.body);
  const headers = {
    ...(body === undefined || ask.headers?.['Transfer-Encoding'] !== undefined
      ? {}
      : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...(body === undefined || isRaw ? {} : { 'Content-Type': 'application/json' }),
    ...ask.headers,
  };
  const outgoing = request({ host: '127.0.0.1', port, path, method: ask.method ?? 'GET', headers, agent: ask.agent ?? false });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const received = await text(response);
  return { status: response.statusCode ?? 0, headers: response.headers, text: received, json: parse(received) };
}

/** An open connection with what has arrived on it. */
export interface Wire {
  readonly socket: Socket;
  readonly received: () => string;
  /** Resolves when what has arrived matches. */
  until(pattern: RegExp): Promise<void>;
  /** Resolves when the connection has closed, with `reset` if it was an error. */
  readonly closed: Promise<'end' | 'reset'>;
}

/** Opens a plain connection, destroyed when the test ends. */
export async function openWire(port: number, firstBytes: string | Buffer = ''): Promise<Wire> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let data = '';
  let isReset = false;
  socket.setEncoding('latin1').on('data', (chunk) => {
    data += String(chunk);
  });
  socket.on('error', () => {
    isReset = true;
  });
  const closed = new Promise<'end' | 'reset'>((resolve) => void socket.once('close', () => resolve(isReset ? 'reset' : 'end')));
  await once(socket, 'connect');
  if (firstBytes.length > 0) socket.write(firstBytes);
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(data)) {
      if (socket.destroyed) throw new Error(`the connection has closed; it received ${data}`);
      await Promise.race([new Promise((resolve) => socket.once('data', resolve)), closed]);
    }
  };
  return { socket, received: () => data, until, closed };
}
