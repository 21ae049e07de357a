/** Describes the API without a gateway: run by the build, whose files a worker serves, and by tests. */
import { systemClock } from '../../../../shared/clock.js';
import { apiRoutes } from '../routes/index.js';
import type { Services } from '../services.js';
import { createOpenApiDocument } from './create-document.js';
import type { OpenApiDocument } from './document.js';
import { renderDocs } from './docs-page.js';

/** Describes all routes, with no service behind them. */
export function describeRoutes(version: string): OpenApiDocument {
  const none = {} as never;
  const routes = apiRoutes({
    services: new Proxy({} as Services, { get: () => none }),
    connections: none,
    logger: none,
    pageSession: { sessions: none, refuseCredentials: none, isOwner: none, isOpenToNetwork: () => false, onSignOut: none },
    metrics: none,
    clock: systemClock,
    document: () => ({ status: 'healthy', uptime: 0, version, buildId: '', instanceId: '' }),
    isDraining: () => false,
    page: { find: () => undefined },
    loadMcp: () => none,
  });
  return createOpenApiDocument(routes, version);
}

/** Returns the API descriptions by their names in the built page: one for programs, one for people. */
export function descriptionFiles(version: string): { readonly 'openapi.json': string; readonly 'docs.html': string } {
  const document = describeRoutes(version);
  return { 'openapi.json': JSON.stringify(document), 'docs.html': renderDocs(document) };
}
