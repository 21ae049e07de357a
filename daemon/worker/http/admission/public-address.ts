/**
 * Determines the address under which browsers reach the gateway. A proxy may publish it under a path and terminate HTTPS; its
 * headers count only if it is in `gateway.trustedProxies`. `X-Forwarded-Host` never counts, because the proxy passes `Host` on.
 */
import type { IncomingMessage } from 'node:http';
import { parseBasePath } from '../../../../shared/config/base-path.js';
import { canonicalAddress } from '../../../../shared/node/ip-address.js';
import type { AdmissionRules } from './rules.js';

export interface PublicAddress {
  /** Whether the browser uses HTTPS, according to the proxy. */
  readonly isSecure: boolean;
  /** Path prefix of the gateway, without a trailing slash; usually ''. */
  readonly basePath: string;
  /** The request's target without the base path. */
  readonly url: string;
}

/** Returns the target without the base path; undefined if it does not start with the base path. */
function strip(url: string, basePath: string): string | undefined {
  if (basePath === '' || !url.startsWith(basePath)) return undefined;
  const rest = url.slice(basePath.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined;
}

/** A proxy may or may not have removed the path in `X-Forwarded-Prefix`. Calls that bypass the proxy need no base path. */
export function publicAddress({ headers, socket, url = '' }: IncomingMessage, rules: AdmissionRules): PublicAddress {
  const { 'x-forwarded-proto': proto, 'x-forwarded-prefix': prefix } = headers;
  const isTrusted =
    (proto !== undefined || prefix !== undefined) && rules.trustedProxies.has(canonicalAddress(socket.remoteAddress ?? '') ?? '');
  const named = isTrusted ? parseBasePath(String(prefix)) : undefined;
  const stripped = strip(url, named ?? rules.basePath);
  return {
    isSecure: isTrusted && /^https\b/i.test(String(proto)),
    basePath: named ?? (stripped === undefined ? '' : rules.basePath),
    url: stripped ?? url,
  };
}
