/**
 * Requests of a route that is called very often, in their plainest form, are answered before Koa, whose chain costs more
 * than the rest. The rules are those of the middleware, which has them from the same functions: what any of them would
 * refuse or treat in its own way goes the long way, and is decided there. Nothing has been read of the body by then.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../../../shared/config/schema.js';
import type { ErrorCode } from '../../../shared/errors.js';
import type { AddressList } from './admission/address-list.js';
import { type ClientAddress, clientAddress } from './admission/client-address.js';
import type { HttpLogger } from './context.js';
import { errorAnswer } from './error-answer.js';
import { needsNoToken } from './admission/auth.js';
import { parseJson } from './middleware/body.js';
import { hostHeaders, isKnownHost, type KnownHosts } from './admission/host-guard.js';
import { requestIdOf } from './middleware/request-id.js';
import { mayConnect } from './admission/request-target.js';
import { JSON_HEADERS } from './middleware/security-headers.js';
import type { RequestLog } from './observe/request-log.js';
import type { DirectRoute, Route } from './route.js';
import type { createTokenCheck } from './admission/token.js';

export interface DirectDeps {
  readonly routes: readonly Route[];
  readonly hosts: KnownHosts;
  readonly trustedProxies: () => AddressList;
  readonly allowedIps: () => AddressList;
  readonly cors: () => Config['gateway']['cors'];
  readonly isAuthEnabled: () => boolean;
  readonly maxBodyBytes: () => number;
  readonly tokenState: ReturnType<typeof createTokenCheck>;
  readonly log: RequestLog;
  readonly logger: HttpLogger;
}

/** Bytes: longer bodies gain nothing here. */
const MAX_BODY = 65_536;

/** What says that there is more to a request than its body. */
const EXTRAS = ['origin', 'expect', 'idempotency-key', 'content-encoding', 'transfer-encoding'] as const;

const OK_HEADERS = [...JSON_HEADERS.flat(), 'Content-Type', 'application/json; charset=utf-8'];

function isPlain({ headers }: IncomingMessage, maxBytes: number): boolean {
  for (const name of EXTRAS) if (headers[name] !== undefined) return false;
  const length = Number(headers['content-length']);
  return length > 0 && length <= maxBytes && headers['content-type'] === 'application/json';
}

/** @returns the client, where every rule lets the request through without a further look */
function admit(request: IncomingMessage, deps: DirectDeps): ClientAddress | undefined {
  const client = clientAddress(request, deps.trustedProxies());
  const token = deps.tokenState(request.headers);
  const hosts = hostHeaders(request);
  const isAdmitted =
    !deps.cors().enabled &&
    mayConnect(client, deps.allowedIps()) &&
    hosts.length === 1 &&
    isKnownHost(hosts[0] ?? '', deps.hosts) &&
    (token === 'valid' || (token === 'none' && needsNoToken(client, deps.isAuthEnabled())));
  return isAdmitted ? client : undefined;
}

/** A request that is answered here. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: DirectRoute;
  readonly requestId: string;
  readonly client: ClientAddress;
  errorCode: ErrorCode | undefined;
}

interface DirectAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
}

function send({ response, requestId }: Exchange, { status, headers, body }: DirectAnswer): void {
  response.writeHead(status, [...headers, 'Content-Length', String(Buffer.byteLength(body)), 'X-Request-Id', requestId]);
  // Head and body are one write then. `end(body)` would gather them with an empty one that follows, which costs more than they do.
  response.write(body);
  response.socket?.uncork();
  response.end();
}

/** Never rejects. */
async function answer(exchange: Exchange, chunks: readonly Buffer[], logger: HttpLogger): Promise<void> {
  const { request, requestId, route } = exchange;
  const [first] = chunks;
  try {
    const raw = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    const document = await route.answer(parseJson(raw));
    send(exchange, { status: 200, headers: OK_HEADERS, body: JSON.stringify(document) });
  } catch (thrown) {
    const { code, status, headers, body } = errorAnswer(thrown, { request, requestId, path: route.path }, logger);
    exchange.errorCode = code;
    send(exchange, { status, headers: [...JSON_HEADERS.flat(), ...Object.entries(headers).flat()], body });
  }
}

/** @returns answers the request and says true, or leaves it alone */
export function directAnswers(deps: DirectDeps): (request: IncomingMessage, response: ServerResponse) => boolean {
  const { log, logger } = deps;
  const routes = new Map(deps.routes.flatMap(({ direct }) => (direct === undefined ? [] : [[direct.path, direct]])));
  return (request, response) => {
    const route = request.method === 'POST' ? routes.get(request.url ?? '') : undefined;
    if (route === undefined || !isPlain(request, Math.min(MAX_BODY, deps.maxBodyBytes()))) return false;
    const client = admit(request, deps);
    if (client === undefined) return false;
    const exchange: Exchange = { request, response, route, client, requestId: requestIdOf(request), errorCode: undefined };
    log.begin(response, () => {
      const { requestId, errorCode } = exchange;
      return { request, requestId, method: 'POST', path: route.path, route: route.path, client, errorCode };
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.once('end', () => void answer(exchange, chunks, logger));
    return true;
  };
}
