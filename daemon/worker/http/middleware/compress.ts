/** Compresses JSON documents and texts for clients that accept it. The files of the page are kept compressed; streams and attachments stay as they are. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpContext, HttpMiddleware } from '../context.js';

/** A shorter answer fits into one packet either way. */
const MIN_BYTES = 1_024;

const compressed = promisify(gzip);

async function compressText(ctx: HttpContext): Promise<void> {
  const { body } = ctx;
  if (typeof body !== 'string' || Buffer.byteLength(body) < MIN_BYTES || ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return;
  // The content type stays that of the text.
  ctx.body = await compressed(body);
  ctx.set('Content-Encoding', 'gzip');
  ctx.vary('Accept-Encoding');
}

/** Runs around all answers except errors, which are short. Most programs do not ask for compression; their answers are left to Koa. */
export const compress: HttpMiddleware = (ctx, next) =>
  ctx.req.headers['accept-encoding'] === undefined ? next() : next().then(() => compressText(ctx));
