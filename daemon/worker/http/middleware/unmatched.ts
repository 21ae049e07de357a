/** Answers requests that no route handles: OPTIONS, 405 with `Allow` if the path has other methods, else 404. */
import { GatewayError } from '../../../../shared/errors.js';
import type { HttpContext, HttpMiddleware } from '../context.js';

function allowedMethods(ctx: HttpContext): string[] {
  const methods = new Set((ctx.matched ?? []).flatMap((layer) => layer.methods));
  return methods.size === 0 ? [] : [...methods, 'OPTIONS'];
}

export const unmatched: HttpMiddleware = (ctx) => {
  const methods = ctx.path === '*' ? ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'] : allowedMethods(ctx);
  if (methods.length === 0) throw new GatewayError('NOT_FOUND', { message: `There is nothing at ${ctx.path.slice(0, 200)}.` });
  ctx.set('Allow', methods.join(', '));
  if (ctx.method !== 'OPTIONS') {
    throw new GatewayError('METHOD_NOT_ALLOWED', {
      message: `${ctx.path.slice(0, 200)} does not support ${ctx.method}, only ${methods.join(', ')}.`,
    });
  }
  ctx.status = 204;
};
