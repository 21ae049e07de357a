/**
 * Handles requests with an `Upgrade` header. A request other than a WebSocket for `/ws` (such as an h2c offer) is answered normally: Node 22.21,
 * 24.9 and newer ask first; older ones emit them here, and get them back without that header.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { SOCKET_PATH } from '../../../../shared/socket.js';
import { toGatewayError } from '../../../../shared/error-document.js';
import { LINGER_MS, rawAnswer } from './raw-answer.js';
import type { Authenticate, SocketDoor } from './socket-door.js';

export interface UpgradeDeps {
  readonly clock: Clock;
  readonly isDraining: () => boolean;
  /** Whether no request is in flight on it. */
  readonly isIdle: (socket: Socket) => boolean;
  /** Calls `start`; for a client without credentials, in a later turn of the event loop. */
  readonly start: (socket: Socket, start: () => void) => void;
  /** The request's target without the base path. */
  readonly urlOf: (request: IncomingMessage) => string;
  /** Applies the rules of every request. @throws the refusal */
  readonly admit: SocketDoor;
  /** Takes over the connection. */
  readonly accept: (request: IncomingMessage, socket: Socket, context: { head: Buffer; authenticate: Authenticate }) => void;
}

/** Returns the request's header without its offer to upgrade. */
function withoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') lines.push(`${name}: ${rawHeaders[index + 1]}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function noneAccepted(): GatewayError {
  const message = 'The gateway is restarting or stopping and accepts no WebSocket.';
  return new GatewayError('UNAVAILABLE', { message, hint: 'Connect again.' });
}

/** Answers and closes, even if the client does not close its side. */
function refuse({ clock }: UpgradeDeps, socket: Socket, error: GatewayError): void {
  rawAnswer(socket, error);
  clock.after(LINGER_MS, () => socket.destroy());
}

async function open(deps: UpgradeDeps, request: IncomingMessage, taken: { socket: Socket; head: Buffer }): Promise<void> {
  const { socket, head } = taken;
  try {
    const authenticate = await deps.admit(request);
    // A drain that began while it waited for its turn closes only the sockets that were open.
    if (deps.isDraining()) throw noneAccepted();
    if (!socket.destroyed) deps.accept(request, socket, { head, authenticate });
  } catch (error) {
    refuse(deps, socket, toGatewayError(error));
  }
}

/** Whether a request is for the WebSocket. During a drain those for other paths are, too: they are refused. */
export function isUpgrade(request: IncomingMessage, { isDraining, urlOf }: Pick<UpgradeDeps, 'isDraining' | 'urlOf'>): boolean {
  return /^websocket$/i.test(request.headers.upgrade ?? '') && (isDraining() || urlOf(request).split('?', 1)[0] === SOCKET_PATH);
}

export function listenForUpgrades(server: Server, deps: UpgradeDeps): void {
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    const socket = stream as Socket;
    // The answer to the previous request would be mixed with the following data.
    if (!deps.isIdle(socket)) return void socket.destroy();
    if (!isUpgrade(request, deps)) {
      socket.unshift(Buffer.concat([withoutOffer(request), head]));
      server.emit('connection', socket);
      return;
    }
    // Its errors have no other listener until it is accepted.
    socket.on('error', () => socket.destroy());
    if (deps.isDraining()) refuse(deps, socket, noneAccepted());
    else deps.start(socket, () => void open(deps, request, { socket, head }));
  });
}
