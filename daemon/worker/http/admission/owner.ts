/** Decides whether the page may sign in its visitor without asking: only the owner, in a browser on the gateway's machine. */
import type { HttpContext } from '../context.js';
import { isOwnOrigin } from '../../../../shared/node/own-origin.js';
import { isOwnConnection, knowsOwners } from './own-connection.js';
import { createLimiter } from './rate-limit.js';
import type { AdmissionRules } from './rules.js';

/** Connection tables are read at most this often per 10 s, because a table may be long. */
const READS = 20;
const WINDOW_SECONDS = 10;

/** Whether the configuration has no sign of a proxy that forwards other people's requests over local connections. */
function isDirect({ trustedProxies, allowedHosts, basePath, tokenless }: AdmissionRules): boolean {
  return trustedProxies.isEmpty && allowedHosts.size === 0 && basePath === '' && tokenless !== 'nobody';
}

/** @param canKnow  whether this system reports who opened a connection. Default: {@link knowsOwners} */
export function createOwnerCheck(
  rules: () => AdmissionRules,
  canKnow: () => boolean = knowsOwners,
): (ctx: HttpContext) => Promise<boolean> {
  const limit = createLimiter(WINDOW_SECONDS);
  return async ({ req, state }) => {
    const { origin, host = '', 'sec-fetch-site': site = 'same-origin' } = req.headers;
    const isOurPage = origin !== undefined && isOwnOrigin(origin, host) && site === 'same-origin';
    if (!isOurPage || !state.caller.isLocal || !isDirect(rules()) || !canKnow()) return false;
    return (await limit('all', READS)) === undefined && (await isOwnConnection(req.socket));
  };
}
