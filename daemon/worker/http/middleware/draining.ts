/** A worker that is about to end takes no connection for longer than one answer. */
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpMiddleware } from '../context.js';

/** Refuses WebSocket upgrades while draining; other upgrades (h2c) are only offers and the request is answered as it is. */
export function draining(isDraining: () => boolean): HttpMiddleware {
  return (ctx, next) => {
    if (/\bwebsocket\b/i.test(ctx.get('Upgrade')) && isDraining()) {
      ctx.res.shouldKeepAlive = false;
      throw new GatewayError('UNAVAILABLE', {
        message: 'The gateway is restarting or stopping and opens no WebSocket.',
        hint: 'Connect again.',
      });
    }
    return next();
  };
}
