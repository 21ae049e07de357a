import type { HealthDocument } from '../../../../shared/api/health.js';
import { GatewayError } from '../../../../shared/errors.js';
import { type Route, route } from '../route.js';

/** Live: this process answers. Ready: it also wants new work, which a draining one does not. */
export function healthRoutes(document: () => HealthDocument, isDraining: () => boolean): Route[] {
  const get = (path: string, check: () => void): Route =>
    route({
      method: 'GET',
      path,
      handle(ctx) {
        check();
        ctx.body = document();
      },
    });
  const isReady = (): void => {
    if (!isDraining()) return;
    throw new GatewayError('UNAVAILABLE', { message: 'This worker is draining and takes no new work.', details: { ready: false } });
  };
  return [get('/health', () => undefined), get('/health/live', () => undefined), get('/health/ready', isReady)];
}
