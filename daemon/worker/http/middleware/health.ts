/**
 * `GET /health` before everything else: it is asked every few seconds by whoever supervises, so it costs no guard, no
 * log line, no parsing and no context of Koa's. Requests that a rule may concern (an Origin, `allowedIps`) take the long way to the same body.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthDocument } from '../../../../shared/api/health.js';
import type { Clock } from '../../../../shared/clock.js';
import { requestIdOf } from './request-id.js';
import { JSON_HEADERS } from './security-headers.js';

export interface HealthDeps {
  readonly clock: Clock;
  readonly version: { readonly version: string; readonly buildId: string };
  readonly instanceId: string;
  /** True while a rule of the configuration concerns every request. */
  readonly isRestricted: () => boolean;
}

/** @returns the document of this moment; `uptime` counts from the call that made the function. */
export function healthDocument({ clock, version, instanceId }: Pick<HealthDeps, 'clock' | 'version' | 'instanceId'>): () => HealthDocument {
  const startedAtMs = clock.now();
  return () => ({
    status: 'healthy',
    uptime: Math.max(0, Math.floor((clock.now() - startedAtMs) / 1_000)),
    version: version.version,
    buildId: version.buildId,
    instanceId,
  });
}

/** @returns answers the request and says true, or leaves it alone */
export function healthFastPath(
  deps: HealthDeps,
  document: () => HealthDocument,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  let atSecond = Number.NaN;
  let body = '';
  let headers: string[] = [];
  const refresh = (second: number): void => {
    atSecond = second;
    body = JSON.stringify(document());
    headers = [
      ...JSON_HEADERS.flat(),
      'Content-Type',
      'application/json; charset=utf-8',
      'Content-Length',
      String(Buffer.byteLength(body)),
    ];
  };
  return (request, response) => {
    if (request.url !== '/health' || request.method !== 'GET') return false;
    if (request.headers.origin !== undefined || deps.isRestricted()) return false;
    const second = Math.floor(deps.clock.now() / 1_000);
    if (second !== atSecond) refresh(second);
    response.writeHead(200, [...headers, 'X-Request-Id', requestIdOf(request)]);
    response.end(body);
    return true;
  };
}
