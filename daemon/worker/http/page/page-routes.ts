/** Serves the results of the build: the page at `/`, the API description at `/openapi.json` and `/docs`, and their files. */
import { openApiResponse } from '../../../../shared/api/openapi.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { BuiltPage, PageFile } from '../../../../shared/node/build/built-page.js';
import { DOCUMENT_HEADERS, FILE_HEADERS } from '../../../../shared/node/document-headers.js';
import { type Route, route } from '../route.js';
import { sendFile } from './send-file.js';

const FOR_EVER = 'public, max-age=31536000, immutable';
const FOR_AN_HOUR = 'public, max-age=3600';

/** @param page  undefined for a build without a page, which serves only the API */
export function pageRoutes(page: BuiltPage | undefined): Route[] {
  if (page === undefined) return [];
  const read = (path: string): PageFile => {
    const file = page.find(path);
    if (file === undefined) throw new GatewayError('NOT_FOUND', { message: `There is nothing at ${path.slice(0, 200)}.` });
    return file;
  };
  return [
    route({
      method: 'GET',
      path: '/',
      scope: 'public',
      handle(ctx) {
        // Links of the document are relative, so its address must end with a slash: `/x` is answered with a redirect to `/x/`.
        const [path = '', ...query] = ctx.originalUrl.split('?');
        const last = path.slice(path.lastIndexOf('/') + 1);
        if (last !== '') return ctx.redirect([`${last}/`, ...query].join('?'));
        ctx.set(DOCUMENT_HEADERS);
        sendFile(ctx, read('/index.html'));
      },
    }),
    route({
      method: 'GET',
      path: '/assets/:name',
      scope: 'public',
      handle(ctx) {
        const file = read(ctx.path);
        ctx.set({ ...FILE_HEADERS, 'Cache-Control': file.isImmutable ? FOR_EVER : FOR_AN_HOUR });
        sendFile(ctx, file);
      },
    }),
    route({
      method: 'GET',
      path: '/docs',
      scope: 'public',
      handle(ctx) {
        ctx.set(DOCUMENT_HEADERS);
        sendFile(ctx, read('/docs.html'));
      },
    }),
    route({
      method: 'GET',
      path: '/openapi.json',
      scope: 'any',
      summary: 'Read this description of the API (OpenAPI 3.1)',
      answer: openApiResponse,
      handle: (ctx) => sendFile(ctx, read('/openapi.json')),
    }),
  ];
}
