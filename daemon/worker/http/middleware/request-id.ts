/** One id per request, in every answer, error document and log line. */
import type { IncomingMessage } from 'node:http';
import { newId } from '../../../../shared/ids.js';
import type { HttpMiddleware } from '../context.js';

/** What is taken over from a caller: it goes into a header and into the log, so only plain characters. */
const SANE = /^[A-Za-z0-9._~:-]{1,128}$/;

/** The caller's `X-Request-Id` where it is sane, else a new id. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) ? given : newId('req');
}

export const requestId: HttpMiddleware = (ctx, next) => {
  ctx.state.requestId = requestIdOf(ctx.req);
  ctx.set('X-Request-Id', ctx.state.requestId);
  return next();
};
