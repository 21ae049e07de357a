/** Compresses JSON answers for clients that accept it. The files of the page are kept compressed; streams and attachments stay as they are. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpContext, HttpMiddleware } from '../context.js';

/** A shorter answer fits into one packet either way. */
const MIN_BYTES = 1_024;

const compressed = promisify(gzip);

const isDocument = (body: unknown): body is object =>
  Array.isArray(body) || (body !== null && typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype);

async function compressDocument(ctx: HttpContext): Promise<void> {
  if (!isDocument(ctx.body) || ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return;
  const text = JSON.stringify(ctx.body);
  const isLong = Buffer.byteLength(text) >= MIN_BYTES;
  // The content type stays that of the document.
  ctx.body = isLong ? await compressed(text) : text;
  if (!isLong) return;
  ctx.set('Content-Encoding', 'gzip');
  ctx.vary('Accept-Encoding');
}

/** Runs around everything that answers, except errors, which are short. Most programs do not ask for it: their answers are left to Koa. */
export const compress: HttpMiddleware = (ctx, next) =>
  ctx.req.headers['accept-encoding'] === undefined ? next() : next().then(() => compressDocument(ctx));
