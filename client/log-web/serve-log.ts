/**
 * Serves the log view of the page, read-only and from the log files, on a loopback port: for `xopc gateway logs --web`. Neither a gateway
 * nor its lock, database or configuration is needed or touched.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type PageSession, pageSessionRequest } from '../../shared/api/gateway/page-session.js';
import { validate } from '../../shared/api/validate.js';
import type { Clock } from '../../shared/clock.js';
import { errorBody, toGatewayError } from '../../shared/error-document.js';
import { GatewayError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { BuiltPage } from '../../shared/node/build/built-page.js';
import { collect } from '../../shared/node/collect.js';
import { ANSWER_HEADERS, DOCUMENT_HEADERS, FILE_HEADERS } from '../../shared/node/document-headers.js';
import type { LogService } from '../../shared/node/log/log-service.js';
import { isOwnOrigin } from '../../shared/node/own-origin.js';
import { PAGE_LINK_FRAGMENT } from '../../shared/page-link.js';
import { Door } from './door.js';
import { LOG_ANSWERS, sendJson } from './log-answers.js';

const MAX_BODY_BYTES = 4_096;
const COMMON_HEADERS = [...ANSWER_HEADERS, ...Object.entries(FILE_HEADERS)];

export interface LogWeb {
  /** The address without the ticket. */
  readonly pageUrl: string;
  /** The link that signs one browser in, once. */
  readonly url: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface LogWebParts {
  readonly logs: LogService;
  readonly page: BuiltPage;
  readonly clock: Clock;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const body = await collect(request, MAX_BODY_BYTES);
  if (body === undefined) throw new GatewayError('PAYLOAD_TOO_LARGE', { message: `the body has more than ${MAX_BODY_BYTES} bytes` });
  try {
    return JSON.parse(body.toString('utf8') || '{}') as unknown;
  } catch {
    throw new GatewayError('INVALID_REQUEST', { message: 'the body is not JSON' });
  }
}

class LogSite {
  readonly #parts: LogWebParts;
  readonly #door: Door;

  constructor(parts: LogWebParts, door: Door) {
    this.#parts = parts;
    this.#door = door;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of COMMON_HEADERS) response.setHeader(name, value);
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      const refused = toGatewayError(error);
      response.statusCode = refused.spec.status;
      response.setHeader('Connection', 'close');
      sendJson(response, errorBody(refused, newId('req')));
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers, url = '/' } = request;
    const { origin, host = '' } = headers;
    if (!this.#door.isOwnHost(host) || (origin !== undefined && !isOwnOrigin(origin, host)))
      throw new GatewayError('FORBIDDEN', { message: 'Only the page of this server may call it, under its own address.' });
    const [path = '/', search] = url.split('?', 2);
    if (path === '/api/page-session' && method === 'POST') return this.#signIn(request, response);
    if (method !== 'GET') throw new GatewayError('METHOD_NOT_ALLOWED', { message: 'The log can only be read here.' });
    const answer = LOG_ANSWERS.get(path);
    if (answer === undefined) return this.#sendFile(path, request, response);
    if (!this.#door.isInside(request, path)) throw this.#unknown();
    return answer(this.#parts.logs, { response, query: new URLSearchParams(search) });
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { link } = validate(pageSessionRequest(), await readBody(request), 'body');
    const cookie = link === undefined ? undefined : this.#door.enter(link);
    if (cookie === undefined && !(link === undefined && this.#door.isInside(request, '/api/page-session'))) throw this.#unknown();
    if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
    sendJson(response, {
      status: 'ok',
      signedIn: true,
      owner: false,
      needsToken: true,
      openToNetwork: false,
      only: 'logs',
    } satisfies PageSession);
  }

  #unknown(): GatewayError {
    return new GatewayError('UNAUTHORIZED', {
      message: 'This needs the link that the command printed, which works once.',
      hint: 'For another link, run again: xopc gateway logs --web',
    });
  }

  #sendFile(path: string, { headers }: IncomingMessage, response: ServerResponse): void {
    const file = this.#parts.page.find(path === '/' ? '/index.html' : path);
    if (file === undefined) throw new GatewayError('NOT_FOUND', { message: `There is nothing at ${path.slice(0, 200)}.` });
    response.setHeader('Content-Type', file.type);
    if (path === '/') for (const [name, value] of Object.entries(DOCUMENT_HEADERS)) response.setHeader(name, value);
    const isPacked = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
    if (isPacked) response.setHeader('Content-Encoding', 'gzip');
    response.end(isPacked ? file.gzip : file.plain());
  }
}

/** Starts the server, which serves until it is closed. */
export async function serveLog(parts: LogWebParts): Promise<LogWeb> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const door = new Door(port, parts.clock);
  const site = new LogSite(parts, door);
  server.on('request', (request, response) => void site.answer(request, response));
  const pageUrl = `http://127.0.0.1:${port}/`;
  return {
    pageUrl,
    url: `${pageUrl}${PAGE_LINK_FRAGMENT}${door.ticket}`,
    expiresAt: new Date(door.expiresAtMs).toISOString(),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
