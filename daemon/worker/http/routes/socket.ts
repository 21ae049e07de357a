/** `/ws` without an upgrade, as it arrives through a proxy that does not pass the upgrade on. Upgrades never reach a route. */
import { clientFrame, serverFrames } from '../../../../shared/api/socket.js';
import { GatewayError } from '../../../../shared/errors.js';
import { SOCKET_PATH } from '../../../../shared/socket.js';
import type { HttpContext } from '../context.js';
import { type Route, route } from '../route.js';

/** Returns what the request lacks. Source: RFC 6455, section 4.2.1. */
function missingIn({ req: { headers, httpVersion } }: HttpContext): string {
  const missing = [
    ...(httpVersion === '1.0' ? ['HTTP/1.1'] : []),
    ...(/^websocket$/i.test(headers.upgrade ?? '') ? [] : ["the header 'Upgrade: websocket'"]),
    ...(/\bupgrade\b/i.test(headers.connection ?? '') ? [] : ["the header 'Connection: Upgrade'"]),
  ];
  return missing.join(' and ');
}

export const socketRoute: Route = route({
  method: 'GET',
  path: SOCKET_PATH,
  scope: 'public',
  summary: 'Open the WebSocket of the page, for chats and events',
  frames: { fromClient: clientFrame, fromServer: serverFrames },
  errors: ['UPGRADE_REQUIRED'],
  handle(ctx) {
    // RFC 9110, section 15.5.22: a 426 names the protocol.
    ctx.set({ Upgrade: 'websocket', Connection: 'Upgrade' });
    throw new GatewayError('UPGRADE_REQUIRED', {
      message: `${SOCKET_PATH} is a WebSocket, and the request lacks ${missingIn(ctx)}.`,
      hint: 'A reverse proxy must pass both headers on, with HTTP/1.1.',
    });
  },
});
