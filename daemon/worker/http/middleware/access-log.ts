/** Every request is counted and logged, but for health, which is asked all the time. */
import { type HttpContext, type HttpMiddleware, isHealthPath } from '../context.js';
import type { RequestLog } from '../observe/request-log.js';

function routeOf(ctx: HttpContext): string {
  return ctx.matched?.findLast(({ methods }) => methods.length > 0)?.path.toString() ?? 'none';
}

export function accessLog(log: RequestLog): HttpMiddleware {
  return (ctx, next) => {
    if (!isHealthPath(ctx.path)) {
      log.begin(ctx.res, () => {
        const { req: request, method, path } = ctx;
        const { requestId, client, errorCode } = ctx.state;
        return { request, requestId, method, path, route: routeOf(ctx), client, errorCode };
      });
    }
    return next();
  };
}
