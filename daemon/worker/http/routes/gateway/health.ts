import { type HealthDocument, healthResponse } from '../../../../../shared/api/gateway/health.js';
import type { Clock } from '../../../../../shared/clock.js';
import { GatewayError } from '../../../../../shared/errors.js';
import { type Route, route } from '../../route.js';

export interface HealthFacts {
  readonly clock: Clock;
  readonly version: { readonly version: string; readonly buildId: string };
  readonly instanceId: string;
}

/** @returns a function that returns the current document; `uptime` counts from its creation. */
export function healthDocument({ clock, version: { version, buildId }, instanceId }: HealthFacts): () => HealthDocument {
  const startedAtMs = clock.now();
  return () => {
    const uptime = Math.max(0, Math.floor((clock.now() - startedAtMs) / 1_000));
    return { status: 'healthy', uptime, version, buildId, instanceId };
  };
}

/** @returns the document as JSON, rebuilt only when `uptime` has changed, because nothing else in it changes. */
function jsonOf(document: () => HealthDocument): () => string {
  let uptime: number | undefined;
  let json = '';
  return () => {
    const current = document();
    if (current.uptime !== uptime) json = JSON.stringify(current);
    uptime = current.uptime;
    return json;
  };
}

const unready = (message: string): GatewayError => new GatewayError('UNAVAILABLE', { message, details: { ready: false } });

/** Live: this process answers. Ready: it also accepts new work, i.e. is not draining and has a database. */
export function healthRoutes(
  document: () => HealthDocument,
  { isDraining, isStoreAvailable }: { isDraining: () => boolean; isStoreAvailable: () => boolean },
): Route[] {
  const json = jsonOf(document);
  const get = (path: string, summary: string, check: () => void): Route =>
    route({
      method: 'GET',
      path,
      scope: 'public',
      summary,
      answer: healthResponse,
      handle(ctx) {
        check();
        ctx.body = json();
      },
    });
  const isReady = (): void => {
    if (isDraining()) throw unready('This worker is draining and accepts no new work.');
    if (!isStoreAvailable()) throw unready("The database cannot be used at the moment; 'xopc gateway status' says why.");
  };
  return [
    get('/health', 'Check that the gateway responds', () => undefined),
    get('/health/live', 'Check that the gateway responds', () => undefined),
    get('/health/ready', 'Check that the gateway accepts new work', isReady),
  ];
}
