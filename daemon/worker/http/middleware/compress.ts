/** Compresses JSON documents and texts for clients that accept it. The files of the page are kept compressed; streams and attachments stay as they are. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpContext, HttpMiddleware } from '../context.js';

/** A shorter answer fits into one packet either way. */
const MIN_BYTES = 1_024;

const compressed = promisify(gzip);

const isDocument = (body: unknown): body is object =>
  Array.isArray(body) || (body !== null && typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype);

function textOf(body: unknown): string | undefined {
  if (typeof body === 'string') return body;
  return isDocument(body) ? JSON.stringify(body) : undefined;
}

async function compressText(ctx: HttpContext): Promise<void> {
  const text = ctx.acceptsEncodings('gzip', 'identity') === 'gzip' ? textOf(ctx.body) : undefined;
  if (text === undefined) return;
  const isLong = Buffer.byteLength(text) >= MIN_BYTES;
  // The content type stays that of what was given.
  ctx.body = isLong ? await compressed(text) : text;
  if (!isLong) return;
  ctx.set('Content-Encoding', 'gzip');
  ctx.vary('Accept-Encoding');
}

/** Runs around everything that answers, except errors, which are short. Most programs do not ask for it: their answers are left to Koa. */
export const compress: HttpMiddleware = (ctx, next) =>
  ctx.req.headers['accept-encoding'] === undefined ? next() : next().then(() => compressText(ctx));
