/** The API's description: for programs at `/openapi.json`, for people at `/docs`. Built on the first request. */
import { openApiResponse } from '../../../../shared/api/openapi.js';
import { DOCUMENT_HEADERS } from '../../../../shared/node/document-headers.js';
import { createOpenApiDocument, type OpenApiDocument } from './document.js';
import { renderDocs } from './docs-page.js';
import { createAssets } from '../page/assets.js';
import { type Route, route } from '../route.js';

/** @param routes  all others; these two are described with them. */
export function openApiRoutes(routes: readonly Route[], version: string): Route[] {
  let document: OpenApiDocument | undefined;
  let page: string | undefined;
  const read = (): OpenApiDocument => (document ??= createOpenApiDocument([...routes, ...own], version));
  const own = [
    route({
      method: 'GET',
      path: '/openapi.json',
      scope: 'any',
      summary: 'Read this description of the API (OpenAPI 3.1)',
      answer: openApiResponse,
      handle(ctx) {
        ctx.body = read();
      },
    }),
    route({
      method: 'GET',
      path: '/docs',
      scope: 'public',
      handle(ctx) {
        ctx.set(DOCUMENT_HEADERS);
        ctx.body = page ??= renderDocs(read(), createAssets());
      },
    }),
  ];
  return own;
}
