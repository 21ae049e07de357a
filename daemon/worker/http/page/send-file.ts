/**
 * Answers with a file of the built page, which is kept in memory both compressed and uncompressed, so that a request without a
 * token costs no more than sending it.
 */
import type { PageFile } from '../../../../shared/node/build/built-page.js';
import type { HttpContext } from '../context.js';

export function sendFile(ctx: HttpContext, { type, gzip, plain }: PageFile): void {
  ctx.set('Content-Type', type);
  ctx.vary('Accept-Encoding');
  if (ctx.acceptsEncodings('gzip', 'identity') === 'gzip') {
    ctx.set('Content-Encoding', 'gzip');
    ctx.body = gzip;
  } else ctx.body = plain();
}
