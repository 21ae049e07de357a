/** Logs and counts each request when its answer has been sent: at debug, refusals at info, our own failures at warn. */
import type { Clock } from '../../../../shared/clock.js';
import type { HttpContext, HttpLogger } from '../context.js';
import type { RequestStats } from './request-stats.js';
import { traceOf } from './trace.js';

const MAX_PATH_LENGTH = 200;

/** The path of the route that handled it, or that has the path but not the method. */
function routeOf({ state, matched }: HttpContext): string {
  return state.route ?? matched?.at(-1)?.path.toString() ?? 'none';
}

function fieldsOf({ req, res, method, path, state }: HttpContext, durationMs: number): object {
  const { requestId, caller, errorCode } = state;
  return {
    requestId,
    ...traceOf(req),
    method,
    // Without the query: callers put secrets there.
    path: path.slice(0, MAX_PATH_LENGTH),
    ...(res.headersSent ? { status: res.statusCode } : {}),
    durationMs,
    ...(errorCode === undefined ? {} : { code: errorCode }),
    client: caller.client.address,
    ...(res.writableFinished ? {} : { aborted: true }),
  };
}

export class RequestLog {
  readonly #logger: HttpLogger;
  readonly #clock: Clock;
  readonly #stats: RequestStats;

  constructor({ logger, clock, stats }: { logger: HttpLogger; clock: Clock; stats: RequestStats }) {
    this.#logger = logger;
    this.#clock = clock;
    this.#stats = stats;
  }

  /** Called when a request has begun. */
  begin(ctx: HttpContext): void {
    const startedAtMs = this.#clock.now();
    ctx.res.on('close', () => {
      const durationMs = this.#clock.now() - startedAtMs;
      this.#stats.note({ method: ctx.method, route: routeOf(ctx) }, ctx.res, durationMs);
      this.#write(ctx, durationMs);
    });
  }

  #write(ctx: HttpContext, durationMs: number): void {
    const { statusCode, headersSent } = ctx.res;
    // Most lines are not written, and their fields cost more than everything else here.
    if ((!headersSent || statusCode < 400) && !this.#logger.isDebugging()) return;
    const fields = fieldsOf(ctx, durationMs);
    if (!headersSent) this.#logger.debug(fields, 'the client disconnected before a response');
    else if (statusCode >= 500) this.#logger.warn(fields, 'request failed');
    else if (statusCode >= 400) this.#logger.info(fields, 'request refused');
    else this.#logger.debug(fields, 'request');
  }
}
