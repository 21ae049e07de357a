/** The OpenAPI document without a gateway: for the build of the client, and for tests. */
import { systemClock } from '../../../../shared/clock.js';
import { apiRoutes } from '../routes/index.js';
import type { Services } from '../services.js';
import { createOpenApiDocument } from './create-document.js';
import type { OpenApiDocument } from './document.js';
import { renderDocs } from './docs-page.js';
import { DOCS_STYLE } from './docs-style.js';
import { SCHEMA_TOOLS } from './openapi-routes.js';

/** Describes all routes, with no service behind them. */
export function describeRoutes(version: string): OpenApiDocument {
  const none = {} as never;
  const routes = apiRoutes({
    services: new Proxy({} as Services, { get: () => none }),
    connections: none,
    logger: none,
    pageSession: { sessions: none, refuseCredentials: none, isOwner: none, isOpenToNetwork: () => false },
    metrics: none,
    clock: systemClock,
    document: () => ({ status: 'healthy', uptime: 0, version, buildId: '', instanceId: '' }),
    isDraining: () => false,
    page: undefined,
    loadMcp: () => none,
    loadOpenApi: () => ({ createOpenApiDocument, renderDocs, DOCS_STYLE }),
  });
  return createOpenApiDocument(routes, version, SCHEMA_TOOLS);
}
