/** Compresses JSON answers for clients that accept it. The files of the page are kept compressed; streams and attachments stay as they are. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpMiddleware } from '../context.js';

/** A shorter answer fits into one packet either way. */
const MIN_BYTES = 1_024;

const compressed = promisify(gzip);

const isDocument = (body: unknown): body is object =>
  Array.isArray(body) || (body !== null && typeof body === 'object' && Object.getPrototypeOf(body) === Object.prototype);

/** Runs around everything that answers, except errors, which are short. */
export const compress: HttpMiddleware = async (ctx, next) => {
  await next();
  // Most programs do not ask for it: their answers are left to Koa.
  if (ctx.req.headers['accept-encoding'] === undefined || !isDocument(ctx.body)) return;
  if (ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') return;
  const text = JSON.stringify(ctx.body);
  const isLong = Buffer.byteLength(text) >= MIN_BYTES;
  // The content type stays that of the document.
  ctx.body = isLong ? await compressed(text) : text;
  if (!isLong) return;
  ctx.set('Content-Encoding', 'gzip');
  ctx.vary('Accept-Encoding');
};
