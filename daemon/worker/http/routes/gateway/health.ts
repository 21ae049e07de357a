import { type HealthDocument, healthResponse } from '../../../../../shared/api/gateway/health.js';
import type { Clock } from '../../../../../shared/clock.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { type Route, route } from '../../route.js';

export interface HealthFacts {
  readonly clock: Clock;
  readonly version: { readonly version: string; readonly buildId: string };
  readonly instanceId: string;
}

/** @returns the document of this moment, a new object each second; `uptime` counts from the call that made the function. */
export function healthDocument({ clock, version: { version, buildId }, instanceId }: HealthFacts): () => HealthDocument {
  const startedAtMs = clock.now();
  let document: HealthDocument = { status: 'healthy', uptime: 0, version, buildId, instanceId };
  return () => {
    const uptime = Math.max(0, Math.floor((clock.now() - startedAtMs) / 1_000));
    if (uptime !== document.uptime) document = { ...document, uptime };
    return document;
  };
}

/** @returns the document as JSON, which is asked for far more often than it changes. */
function jsonOf(document: () => HealthDocument): () => string {
  let shown: HealthDocument | undefined;
  let json = '';
  return () => {
    const current = document();
    if (current !== shown) json = JSON.stringify((shown = current));
    return json;
  };
}

/** Live: this process answers. Ready: it also wants new work, which a draining one does not. */
export function healthRoutes(document: () => HealthDocument, isDraining: () => boolean): Route[] {
  const json = jsonOf(document);
  const get = (path: string, summary: string, check: () => void): Route =>
    route({
      method: 'GET',
      path,
      summary,
      answer: healthResponse,
      handle(ctx) {
        check();
        ctx.body = json();
      },
    });
  const isReady = (): void => {
    if (!isDraining()) return;
    throw new GatewayError('UNAVAILABLE', { message: 'This worker is draining and accepts no new work.', details: { ready: false } });
  };
  return [
    get('/health', 'Check that the gateway responds', () => undefined),
    get('/health/live', 'Check that the gateway responds', () => undefined),
    get('/health/ready', 'Check that the gateway accepts new work', isReady),
  ];
}
