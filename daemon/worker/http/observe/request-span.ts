/** The span of a request, from its first byte until its answer has been sent. */
import type { SpanEnd, SpanStart, TraceStarter } from '../../tracing/span.js';
import type { HttpContext } from '../context.js';
import { routeOf } from './request-log.js';
import { METHODS } from './request-stats.js';

/** As in the log, without the query. */
const MAX_PATH_LENGTH = 200;

const methodOf = ({ method }: HttpContext): string => (METHODS.has(method) ? method : '_OTHER');

function endOf(ctx: HttpContext): SpanEnd {
  const { res } = ctx;
  const route = routeOf(ctx);
  const status = res.headersSent ? res.statusCode : null;
  const error = status === null ? 'aborted' : status >= 500 ? String(status) : undefined;
  const attributes = { 'http.route': route, 'http.response.status_code': status };
  return { attributes, error, ...(route === undefined ? {} : { name: `${methodOf(ctx)} ${route}` }) };
}

function startOf(ctx: HttpContext): SpanStart {
  const attributes = {
    'http.request.method': methodOf(ctx),
    'url.path': ctx.path.slice(0, MAX_PATH_LENGTH),
    'url.scheme': ctx.state.isSecure ? 'https' : 'http',
    'xopc.request.id': ctx.state.requestId,
  };
  return { name: methodOf(ctx), kind: 'server', attributes };
}

/** Begins the span; does nothing while traces are off. */
export function beginRequestSpan(tracing: TraceStarter, ctx: HttpContext): void {
  const { traceparent } = ctx.req.headers;
  const span = tracing.begin(() => startOf(ctx), typeof traceparent === 'string' ? traceparent : undefined);
  if (span === undefined) return;
  ctx.state.span = span;
  ctx.res.once('close', () => span.end(endOf(ctx)));
}
