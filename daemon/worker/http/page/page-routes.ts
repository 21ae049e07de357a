/** The page at `/` and its files, from a manifest read once. Without a built page, `/` is a small static one. */
import type { HealthDocument } from '../../../../shared/api/gateway/health.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpContext } from '../context.js';
import { DOCUMENT_HEADERS, FILE_HEADERS } from '../../../../shared/node/document-headers.js';
import { publicUrl } from '../middleware/public-address.js';
import { createAssets } from './assets.js';
import type { BuiltPage, PageFile } from '../../../../shared/node/build/built-page.js';
import { renderPage } from './page.js';
import { type Route, route } from '../route.js';

export interface PageDeps {
  readonly document: () => HealthDocument;
  readonly isDraining: () => boolean;
  readonly page: BuiltPage | undefined;
}

const FOR_EVER = 'public, max-age=31536000, immutable';
const FOR_AN_HOUR = 'public, max-age=3600';

function send(ctx: HttpContext, { type, gzip, plain }: PageFile): void {
  ctx.set({ ...FILE_HEADERS, 'Content-Type': type, Vary: 'Accept-Encoding' });
  if (ctx.acceptsEncodings('gzip') === 'gzip') {
    ctx.set('Content-Encoding', 'gzip');
    ctx.body = gzip;
  } else ctx.body = plain();
}

/** Links of a document are relative, so its address must end with a slash: `/x` is answered with a redirect to `/x/`. */
function documentRoute(answer: (ctx: HttpContext) => void): Route {
  return route({
    method: 'GET',
    path: '/',
    scope: 'public',
    handle(ctx) {
      const [path = '', ...query] = ctx.originalUrl.split('?');
      const last = path.slice(path.lastIndexOf('/') + 1);
      if (last !== '') return ctx.redirect([`${last}/`, ...query].join('?'));
      ctx.set(DOCUMENT_HEADERS);
      answer(ctx);
    },
  });
}

function builtRoutes(page: BuiltPage, index: PageFile): Route[] {
  return [
    documentRoute((ctx) => send(ctx, index)),
    route({
      method: 'GET',
      path: '/assets/:name',
      scope: 'public',
      handle(ctx) {
        const file = page.find(ctx.path);
        if (file === undefined) throw new GatewayError('NOT_FOUND', { message: `There is nothing at ${ctx.path.slice(0, 200)}.` });
        ctx.set('Cache-Control', file.isImmutable ? FOR_EVER : FOR_AN_HOUR);
        send(ctx, file);
      },
    }),
  ];
}

function smallRoutes({ document, isDraining }: PageDeps): Route[] {
  const assets = createAssets();
  const page = documentRoute((ctx) => {
    const { uptime, version } = document();
    const { needsToken } = ctx.state.caller;
    ctx.body = renderPage({ url: publicUrl(ctx), uptimeSeconds: uptime, version, isDraining: isDraining(), needsToken, assets });
  });
  const files = [assets.stylesheet, assets.icon, assets.script].map(({ path, type, body }) =>
    route({
      method: 'GET',
      path,
      scope: 'public',
      handle(ctx) {
        // The name carries the content's hash.
        ctx.set({ ...FILE_HEADERS, 'Content-Type': type, 'Cache-Control': FOR_EVER });
        ctx.body = body;
      },
    }),
  );
  return [page, ...files];
}

export function pageRoutes(deps: PageDeps): Route[] {
  const index = deps.page?.find('/index.html');
  return deps.page === undefined || index === undefined ? smallRoutes(deps) : builtRoutes(deps.page, index);
}
