/** An MCP server over streamable HTTP, with sessions; the names of its tools say what it does wrong. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface HttpMcp {
  readonly url: string;
  /** Method, name of the tool if any, and credentials of each request. */
  readonly seen: readonly string[];
  /** Answers that have begun and not ended. */
  readonly unfinished: () => number;
  /** The session is not known any more, as after a restart of the server, which says so with a status and a text. Default: 404. */
  forget(status?: number, text?: string): void;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly protocolVersion?: string };
}

const NAMES = ['echo', 'stream', 'huge', 'refused', 'away', 'html', 'endless', 'cut', 'dropped', 'garbled', 'immense', 'resumed'];
const EVENTS = { 'Content-Type': 'text/event-stream' };

/** Streams of events that end without a result, by the name of the tool. */
const BROKEN: Readonly<Record<string, string>> = {
  cut: ': hello\n\n',
  garbled: 'data: {"jsonrpc"\n\n',
  immense: `data: ${'x'.repeat(21_000_000)}\n\n`,
};

function resultOf({ method, params = {} }: Message): object {
  if (method === 'tools/list') return { tools: NAMES.map((name) => ({ name, inputSchema: { type: 'object' } })) };
  if (method === 'tools/call') return { content: [{ type: 'text', text: params.name === 'huge' ? 'x'.repeat(21_000_000) : 'here' }] };
  return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'remote', version: '1' } };
}

/** @param events  what its own stream of events consists of; default: there is none */
export async function startHttpMcp({ elsewhere = 'http://elsewhere.invalid/mcp', events = '' } = {}): Promise<HttpMcp> {
  const seen: string[] = [];
  const unfinished = new Set<ServerResponse>();
  let sessions = 0;
  let session: string | undefined;
  let unknown = { status: 404, text: '' };
  let resumed = '';
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = request.method === 'POST' ? (JSON.parse(await text(request)) as Message) : undefined;
    const name = message?.params?.name;
    seen.push([request.method, message?.method, name, request.headers.authorization].filter((part) => part !== undefined).join(' '));
    const end = (status: number, headers: Record<string, string> = {}, body = ''): void =>
      void response.writeHead(status, headers).end(body);
    if (request.method === 'DELETE') session = undefined;
    if (request.headers['last-event-id'] === 'first') return end(200, EVENTS, resumed);
    if (request.method === 'GET' && events !== '') return end(200, EVENTS, events);
    if (message === undefined) return end(request.method === 'DELETE' ? 200 : 405);
    if (message.method === 'initialize') session = `s${(sessions += 1)}`;
    else if (request.headers['mcp-session-id'] !== session) return end(unknown.status, {}, unknown.text);
    if (message.id === undefined) return end(202);
    if (name === 'refused') return end(401, {}, 'wrong token');
    if (name === 'away') return end(307, { Location: elsewhere });
    if (name === 'html') return end(200, { 'Content-Type': 'text/html' }, '<p>');
    if (name === 'endless') {
      response.writeHead(200, { 'Mcp-Session-Id': session ?? '', ...EVENTS }).write(': hello\n\n');
      unfinished.add(response);
      return void response.once('close', () => unfinished.delete(response));
    }
    const answer = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: resultOf(message) });
    const headers = { 'Mcp-Session-Id': session ?? '' };
    if (name === 'stream') return end(200, { ...headers, ...EVENTS }, `: hello\n\ndata: ${answer}\n\n`);
    const broken = BROKEN[name ?? ''];
    if (broken !== undefined) return end(200, { ...headers, ...EVENTS }, broken);
    if (name === 'dropped') return void response.writeHead(200, EVENTS).write(': hello\n\n', () => response.destroy());
    resumed = `data: ${answer}\n\n`;
    if (name === 'resumed') return end(200, { ...headers, ...EVENTS }, 'id: first\nretry: 0\ndata:\n\n');
    return end(200, { ...headers, 'Content-Type': 'application/json' }, answer);
  }
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    unfinished: () => unfinished.size,
    forget(status = 404, reason = '') {
      session = undefined;
      unknown = { status, text: reason };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
