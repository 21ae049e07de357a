/** One id per request, in every answer, error document and log line. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpMiddleware } from '../context.js';

/** What is taken over from a caller: it goes into a header and into the log, so only plain characters. */
const SANE = /^[A-Za-z0-9._~:-]{1,128}$/;

const RANDOM_BYTES = 10;
/** Random bytes are drawn for this many ids at once: drawing them one by one cost a tenth of a health check. */
const BATCH = 256;

/** The caller's `X-Request-Id` where it is sane, else a new id of the form that `newId` gives. */
export type RequestIds = (request: IncomingMessage) => string;

export function createRequestIds(): RequestIds {
  let pool = Buffer.alloc(0);
  let offset = 0;
  const next = (): string => {
    if (offset >= pool.length) {
      pool = randomBytes(RANDOM_BYTES * BATCH);
      offset = 0;
    }
    offset += RANDOM_BYTES;
    return `req_${Date.now().toString(16).padStart(12, '0')}${pool.toString('hex', offset - RANDOM_BYTES, offset)}`;
  };
  return (request) => {
    const given = request.headers['x-request-id'];
    return typeof given === 'string' && SANE.test(given) ? given : next();
  };
}

export function requestId(ids: RequestIds): HttpMiddleware {
  return (ctx, next) => {
    ctx.state.requestId = ids(ctx.req);
    ctx.set('X-Request-Id', ctx.state.requestId);
    return next();
  };
}
