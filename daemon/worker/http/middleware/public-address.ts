/** Removes the base path, so that all later code only sees the gateway's own paths. */
import { publicAddress } from '../admission/public-address.js';
import type { AdmissionRules } from '../admission/rules.js';
import type { HttpContext } from '../context.js';

/** Replaces a target that is not a path, because Koa cannot parse all of those; the gate refuses the replacement as well. */
const NO_PATH = 'no-path';

const isPath = (url: string): boolean => url.startsWith('/') || url === '*';

/** Sets `basePath` and `isSecure`. */
export function setPublicAddress(ctx: HttpContext, rules: AdmissionRules): void {
  const { basePath, isSecure, url } = publicAddress(ctx.req, rules);
  ctx.state.basePath = basePath;
  ctx.state.isSecure = isSecure;
  if (!isPath(url)) ctx.url = NO_PATH;
  else if (url !== ctx.url) ctx.url = url;
}

/** Returns the address under which the caller reached the gateway, without a final slash. */
export function publicUrl({ state, host }: HttpContext): string {
  return `${state.isSecure ? 'https' : 'http'}://${host === '' ? 'localhost' : host}${state.basePath}`;
}
