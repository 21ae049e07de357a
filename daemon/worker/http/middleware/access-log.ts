/** One line per request when its answer has been sent: debug, failures info, our own failures warn, health never. */
import type { Clock } from '../../../../shared/clock.js';
import { type HttpContext, type HttpLogger, type HttpMiddleware, isHealthPath, PAGE_LINKS } from '../context.js';
import type { RequestStats } from '../request-stats.js';
import { traceOf } from '../trace.js';

const MAX_PATH_LENGTH = 200;

/** A ticket that was not taken yet opens the gateway. */
function shownPath(path: string): string {
  return path.startsWith(PAGE_LINKS) ? `${PAGE_LINKS}…` : path.slice(0, MAX_PATH_LENGTH);
}

function fieldsOf(ctx: HttpContext, durationMs: number): object {
  const { statusCode, headersSent, writableFinished } = ctx.res;
  return {
    requestId: ctx.state.requestId,
    ...traceOf(ctx.req),
    method: ctx.method,
    // Without the query: callers put secrets there.
    path: shownPath(ctx.path),
    ...(headersSent ? { status: statusCode } : {}),
    durationMs,
    ...(ctx.state.errorCode === undefined ? {} : { code: ctx.state.errorCode }),
    ...(ctx.state.client === undefined ? {} : { client: ctx.state.client.address }),
    ...(writableFinished ? {} : { aborted: true }),
  };
}

function write(ctx: HttpContext, logger: HttpLogger, durationMs: number): void {
  const { statusCode, headersSent } = ctx.res;
  // The fields of a line that is not written cost more than all else here.
  if ((!headersSent || statusCode < 400) && !logger.isDebugging()) return;
  const fields = fieldsOf(ctx, durationMs);
  if (!headersSent) logger.debug(fields, 'the client went away unanswered');
  else if (statusCode >= 500) logger.warn(fields, 'request failed');
  else if (statusCode >= 400) logger.info(fields, 'request refused');
  else logger.debug(fields, 'request');
}

/** @param stats  counts what is logged: one listener for both, because a stream's answer has many already. */
export function accessLog(logger: HttpLogger, clock: Clock, stats: RequestStats): HttpMiddleware {
  return (ctx, next) => {
    if (isHealthPath(ctx.path)) return next();
    const startedAtMs = clock.now();
    ctx.res.once('close', () => {
      const durationMs = clock.now() - startedAtMs;
      stats.note(ctx, durationMs);
      write(ctx, logger, durationMs);
    });
    return next();
  };
}
