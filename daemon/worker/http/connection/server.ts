/** The HTTP server with its limits on what a peer controls: header size, time, connections, unread answers. */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { Connections, Handle } from './connections.js';
import type { HttpLogger } from '../context.js';
import type { RemoteConnections, RemoteLimits } from './remote-connections.js';
import { LINGER_MS, rawAnswer } from './raw-answer.js';
import { refuseStreamedBodies } from './streamed-bodies.js';

export interface ServerLimits extends RemoteLimits {
  /** A request's header must be complete in this time. */
  readonly headersTimeoutMs: number;
  /** A whole request, including its body, must arrive in this time. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection is kept: longer than proxies keep theirs (60 s), so that the proxy closes first. */
  readonly keepAliveTimeoutMs: number;
  /** A client that reads nothing of an answer for this time is disconnected. */
  readonly stallTimeoutMs: number;
  /** How often all of these except `keepAliveTimeoutMs` are checked. */
  readonly checkIntervalMs: number;
  readonly maxHeaderBytes: number;
  /** Requests that a client may pipeline on one connection before the previous one is answered. */
  readonly maxPipelined: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  headersTimeoutMs: 20_000,
  requestTimeoutMs: 120_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 60_000,
  checkIntervalMs: 5_000,
  maxHeaderBytes: 16_384,
  maxConnections: 6_144,
  maxEntitled: 2_560,
  maxAnonymous: 512,
  maxAnonymousPerAddress: 64,
  dismissedMs: 5_000,
  maxPipelined: 32,
};

type Malformed = { readonly status: number; readonly message: string };

function describe(code: string | undefined, limits: ServerLimits): Malformed {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, message: `The request header is larger than ${limits.maxHeaderBytes} bytes.` };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        message: `The request did not arrive in ${limits.requestTimeoutMs / 1_000} s (its header in ${limits.headersTimeoutMs / 1_000} s).`,
      };
    default:
      // HPE_INVALID_METHOD of Node's parser.
      return {
        status: 400,
        message: `The request is not valid HTTP (${(code ?? 'unknown').replace(/^HPE_/, '').toLowerCase().replaceAll('_', ' ')}).`,
      };
  }
}

export interface ServerDeps {
  readonly connections: Connections;
  readonly remote: RemoteConnections;
  /** Whether a request comes with credentials, or needs none. */
  readonly isEntitled: (request: IncomingMessage) => boolean;
  /** Whether an offer to upgrade is taken; any other is ignored. */
  readonly isUpgrade: (request: IncomingMessage) => boolean;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly logger: HttpLogger;
}

function onClientError({ connections, limits, clock, logger }: ServerDeps, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.writableEnded) return;
  if (error.code === 'ECONNRESET' || !socket.writable || connections.hasBegunAnswer(socket)) {
    socket.destroy();
    return;
  }
  const { status, message } = describe(error.code, limits);
  logger.debug({ code: error.code, status }, 'malformed request');
  rawAnswer(socket, new GatewayError('INVALID_REQUEST', { message }), status);
  clock.after(LINGER_MS, () => socket.destroy());
}

/**
 * Disconnects clients that do not read their answer. Only answers that wait for their client get Node's timer, which Node restarts
 * whenever the client reads; `server.timeout` would start one at each read and write of every connection.
 */
function limitUnreadAnswers(server: Server, { connections, limits, clock }: ServerDeps): void {
  server.on('timeout', (socket) => {
    // An idle connection that has reached keepAliveTimeoutMs, or an answer that nobody reads; never a slow handler.
    if (connections.isIdle(socket) || socket.writableLength > 0) socket.destroy();
  });
  let cancel = (): void => undefined;
  const check = (): void => {
    for (const socket of connections.unread()) if (!socket.timeout) socket.setTimeout(limits.stallTimeoutMs);
    cancel = clock.after(limits.checkIntervalMs, check);
  };
  server.once('listening', check);
  server.once('close', () => cancel());
}

/** @returns a server that does not listen yet */
export function createServer(deps: ServerDeps): Server {
  const { connections, remote, limits, clock, isEntitled, isUpgrade } = deps;
  // Since Node 22.21 and 24.9; older ones take every offer (see upgrade.ts).
  const upgrades = { shouldUpgradeCallback: isUpgrade };
  const server = createHttpServer({
    ...upgrades,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    // TCP keep-alive detects a dead peer's socket.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    // Checked together with the Host header, so that the answer has the API's format.
    requireHostHeader: false,
  });
  server.maxConnections = limits.maxConnections;
  // Node drops headers beyond a count silently, so that a client could push a proxy's forwarding header out of sight.
  server.maxHeadersCount = 0;
  limitUnreadAnswers(server, deps);
  connections.attach(server);
  const mayStream = (request: IncomingMessage): boolean => !remote.isAnonymous(request.socket) || isEntitled(request);
  server.on('connection', (socket) => {
    remote.add(socket);
    refuseStreamedBodies(socket, { clock, mayStream });
  });
  const serve: Handle = (request, response) => connections.serve(request, response);
  server.on('request', serve);
  // `100 Continue` is sent only when the body is needed; other expectations may be ignored (RFC 9110, 10.1.1).
  server.on('checkContinue', serve);
  server.on('checkExpectation', serve);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => onClientError(deps, error, socket));
  return server;
}
