/** The page at `/` and its files: embedded in the bundle, in a manifest made once, so that no path reaches the disk. */
import type { HealthDocument } from '../../../../shared/api/health.js';
import { PAGE_POLICY } from '../middleware/security-headers.js';
import { createAssets } from '../page/assets.js';
import { renderPage } from '../page/page.js';
import { type Route, route } from '../route.js';

export interface PageDeps {
  readonly document: () => HealthDocument;
  readonly isDraining: () => boolean;
  readonly isAuthEnabled: () => boolean;
}

export function pageRoutes({ document, isDraining, isAuthEnabled }: PageDeps): Route[] {
  const assets = createAssets();
  const page = route({
    method: 'GET',
    path: '/',
    handle(ctx) {
      const { uptime, version } = document();
      const needsToken = isAuthEnabled() || !ctx.state.client.isLocal;
      ctx.set({ 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': PAGE_POLICY });
      ctx.body = renderPage({ host: ctx.get('Host'), uptimeSeconds: uptime, version, isDraining: isDraining(), needsToken, assets });
    },
  });
  const files = [assets.stylesheet, assets.icon, assets.script].map(({ path, type, body }) =>
    route({
      method: 'GET',
      path,
      handle(ctx) {
        // The name carries the content's hash.
        ctx.set({ 'Content-Type': type, 'Cache-Control': 'public, max-age=31536000, immutable' });
        ctx.body = body;
      },
    }),
  );
  return [page, ...files];
}
