/** A browser's part of the network: HTTPS with HTTP/2, and WebSockets, to a proxy of the tests under its public name. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { get } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';

export interface ProxyClient {
  /** The public origin. */
  readonly origin: string;
  /** Sends a request over HTTP/2. @returns the answer as a stream */
  open(path: string, options?: Sent): Promise<Http2Answer>;
  ask(path: string, options?: Sent): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>;
  /** Sends a GET over HTTP/1.1. */
  askPlainly(path: string, headers?: Record<string, string>): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>;
  socket(path: string, headers?: Record<string, string>): Promise<WebSocket>;
  close(): void;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: NodeJS.ReadableStream;
}

/** The client's address; the proxies' is 127.0.0.1. */
export const CLIENT_ADDRESS = '127.0.0.2';

/** @param place.ca  certificate of the proxy */
export async function connectProxy(place: { name: string; port: number; ca: string }): Promise<ProxyClient> {
  const { name, port, ca } = place;
  const origin = `https://${name}:${port}`;
  const options = { host: '127.0.0.1', port, localAddress: CLIENT_ADDRESS, servername: name, ca };
  const socket: TLSSocket = connectTls({ ...options, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  if (socket.alpnProtocol !== 'h2') throw new Error(`the proxy speaks ${String(socket.alpnProtocol)}`);
  const session: ClientHttp2Session = connectHttp2(origin, { createConnection: () => socket });
  const open: ProxyClient['open'] = async (path, { method, headers = {}, body } = {}) => {
    const hasBody = body !== undefined;
    const type = hasBody ? { 'content-type': 'application/json' } : {};
    const head = { ':path': path, ':method': method ?? (hasBody ? 'POST' : 'GET'), ...type, ...headers };
    const stream = session.request(head, { endStream: !hasBody });
    if (hasBody) stream.end(JSON.stringify(body));
    const [answered] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
    return { status: answered[':status'] ?? 0, headers: answered, stream };
  };
  return {
    origin,
    open,
    async ask(path, sent) {
      const { stream, ...answer } = await open(path, sent);
      return { ...answer, text: await text(stream) };
    },
    async askPlainly(path, headers = {}) {
      const [answer] = (await once(get({ ...options, path, headers: { Host: `${name}:${port}`, ...headers } }), 'response')) as [
        IncomingMessage,
      ];
      return { status: answer.statusCode ?? 0, headers: answer.headers, text: await text(answer) };
    },
    async socket(path, headers = {}) {
      const opened = new WebSocket(`wss://127.0.0.1:${port}${path}`, {
        ...options,
        headers: { Host: `${name}:${port}`, Origin: origin, ...headers },
      });
      await once(opened, 'open');
      return opened;
    },
    close: () => session.destroy(),
  };
}
