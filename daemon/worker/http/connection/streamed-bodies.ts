/**
 * Refuses bodies without a length (`Transfer-Encoding`) of remote clients without credentials, before they are parsed. Such a body
 * can consist of chunks of one byte: Node calls JavaScript for each, which takes all of the event loop at a few megabytes a second.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { LINGER_MS, rawAnswer } from './raw-answer.js';

const LENGTH_REQUIRED = 411;

/** Private API of Node: called with each request whose header has been parsed. The result 2 ends parsing, as for an upgrade. */
interface ParsedSocket {
  readonly parser?: { onIncoming: (request: IncomingMessage, keepAlive: boolean) => number } | null;
}

export interface StreamedBodiesDeps {
  readonly clock: Clock;
  /** Whether its client may send such a body. */
  readonly mayStream: (request: IncomingMessage) => boolean;
}

function refuse(socket: Socket, clock: Clock): void {
  const message = 'The body has no Content-Length. Without the token, it is required.';
  rawAnswer(socket, new GatewayError('INVALID_REQUEST', { message }), LENGTH_REQUIRED);
  // Further input is not read.
  socket.pause();
  clock.after(LINGER_MS, () => socket.destroy());
}

/** Called with each new connection. */
export function refuseStreamedBodies(socket: Socket, { clock, mayStream }: StreamedBodiesDeps): void {
  const { parser } = socket as ParsedSocket;
  if (!parser) return;
  const { onIncoming } = parser;
  parser.onIncoming = (request, keepAlive) => {
    if (request.headers['transfer-encoding'] === undefined || mayStream(request)) return onIncoming.call(parser, request, keepAlive);
    refuse(socket, clock);
    return 2;
  };
}
