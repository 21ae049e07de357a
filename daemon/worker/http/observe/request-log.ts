/** Logs and counts each request when its answer has been sent: at debug, refusals and changes at info, our own failures at warn. */
import type { Clock } from '../../../../shared/clock.js';
import type { HttpContext, HttpLogger } from '../context.js';
import type { RequestStats } from './request-stats.js';
import { traceOf } from './trace.js';

const MAX_PATH_LENGTH = 200;
/** A constantly refused client would push everything else out of the log. */
const REFUSALS = { lines: 100, windowMs: 10_000 } as const;

/** The path of the route that handled it, or of one that matches the path but not the method. */
export function routeOf({ state, matched }: HttpContext): string | undefined {
  return state.route ?? matched?.at(-1)?.path.toString();
}

function fieldsOf({ req, res, method, path, state }: HttpContext, durationMs: number): Record<string, unknown> {
  const { requestId, caller, access, errorCode, span } = state;
  return {
    requestId,
    ...traceOf(req, span),
    method,
    // Without the query: callers put secrets there.
    path: path.slice(0, MAX_PATH_LENGTH),
    ...(res.headersSent ? { status: res.statusCode } : {}),
    durationMs,
    ...(errorCode === undefined ? {} : { code: errorCode }),
    client: caller.client.address,
    ...(access === undefined ? {} : { token: access.name }),
    ...(res.writableFinished ? {} : { aborted: true }),
  };
}

export class RequestLog {
  readonly #logger: HttpLogger;
  readonly #clock: Clock;
  readonly #stats: RequestStats;
  /** Count since the window began; 0 without a window. */
  #refusals = 0;

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
      this.#stats.note({ method: ctx.method, route: routeOf(ctx) ?? 'none' }, ctx.res, durationMs);
      this.#write(ctx, durationMs);
    });
  }

  #write(ctx: HttpContext, durationMs: number): void {
    const { statusCode, headersSent } = ctx.res;
    // Most lines are not written, and their fields cost more than everything else here.
    const isRefusal = headersSent && statusCode >= 400 && statusCode < 500;
    const isFailure = headersSent && statusCode >= 500;
    const isChange = ctx.state.isChange === true;
    const isWanted = isRefusal ? this.#admitRefusal() : isFailure || isChange;
    if (!isWanted && !this.#logger.isDebugging()) return;
    const fields = fieldsOf(ctx, durationMs);
    if (isFailure) this.#logger.warn(fields, 'request failed');
    else if (isRefusal) this.#logger.info(fields, 'request refused');
    // Also of a client that has left: the change may have been made.
    else this.#logger[isChange ? 'info' : 'debug'](fields, headersSent ? 'request' : 'the client disconnected before a response');
  }

  /** Whether the line of a refusal is written; those that are not are counted in one line. */
  #admitRefusal(): boolean {
    if (this.#refusals === 0) this.#clock.after(REFUSALS.windowMs, () => this.#endWindow());
    this.#refusals += 1;
    return this.#refusals <= REFUSALS.lines;
  }

  #endWindow(): void {
    const refused = this.#refusals - REFUSALS.lines;
    this.#refusals = 0;
    if (refused > 0) this.#logger.info({ refused }, 'more requests were refused');
  }
}
