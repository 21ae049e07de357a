/** Removes the base path, so that everything behind it knows the gateway's own paths only. */
import { publicAddress } from '../admission/public-address.js';
import type { AdmissionRules } from '../admission/rules.js';
import type { HttpContext, HttpMiddleware } from '../context.js';

/** Sets `basePath` and `isSecure`. */
export function publicAddresses(rules: () => AdmissionRules): HttpMiddleware {
  return (ctx, next) => {
    const { basePath, isSecure, url } = publicAddress(ctx.req, rules());
    Object.assign(ctx.state, { basePath, isSecure });
    ctx.url = url;
    return next();
  };
}

/** Returns the address under which the caller reached the gateway, without a final slash. */
export function publicUrl({ state, host }: HttpContext): string {
  return `${state.isSecure ? 'https' : 'http'}://${host === '' ? 'localhost' : host}${state.basePath}`;
}
