/** The page at `/` and its files, from a manifest read once. */
import { GatewayError } from '../../../../shared/errors.js';
import type { BuiltPage } from '../../../../shared/node/build/built-page.js';
import { DOCUMENT_HEADERS } from '../../../../shared/node/document-headers.js';
import { type Route, route } from '../route.js';
import { sendFile } from './send-file.js';

const FOR_EVER = 'public, max-age=31536000, immutable';
const FOR_AN_HOUR = 'public, max-age=3600';

/** @param page  undefined for a build without one, which serves the API only */
export function pageRoutes(page: BuiltPage | undefined): Route[] {
  const index = page?.find('/index.html');
  if (page === undefined || index === undefined) return [];
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
        sendFile(ctx, index);
      },
    }),
    route({
      method: 'GET',
      path: '/assets/:name',
      scope: 'public',
      handle(ctx) {
        const file = page.find(ctx.path);
        if (file === undefined) throw new GatewayError('NOT_FOUND', { message: `There is nothing at ${ctx.path.slice(0, 200)}.` });
        ctx.set('Cache-Control', file.isImmutable ? FOR_EVER : FOR_AN_HOUR);
        sendFile(ctx, file);
      },
    }),
  ];
}
