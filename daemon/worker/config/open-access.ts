/** Warns about a gateway whose configuration opens it to more callers than usual, or closes it to callers on its own machine. */
import { type AddressInfo, isIP, type Server } from 'node:net';
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/api/gateway/status.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { isLoopback, parseAddressList } from '../../../shared/node/ip-address.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';
import { shellCommand } from '../../../shared/text/shell-word.js';

/** Returns the address of a caller on this machine. @param address  where the gateway listens */
function ownAddress(address: string): string {
  if (address === '::') return '::1';
  return address === '0.0.0.0' || address === 'localhost' ? '127.0.0.1' : address;
}

/** `LOOPBACK_REFUSED` if commands on this machine are refused. */
function refusalWarnings({ allowedIps }: Config['gateway'], address: string): StatusWarning[] {
  const list = parseAddressList(allowedIps);
  const own = ownAddress(address);
  if (list.isEmpty || list.has(own) || isIP(own) === 0) return [];
  const hint = `To allow it: ${shellCommand`xopc config set gateway.allowedIps ${JSON.stringify([...allowedIps, own])}`}`;
  return [{ code: 'LOOPBACK_REFUSED', message: sayOfIssue('loopback-refused', { address: own }), hint }];
}

/**
 * @param address  where it listens
 * @returns `AUTH_DISABLED` if other machines can reach the gateway, `CORS_OPEN` if any web page can; neither if the token is needed
 */
export function openAccessWarnings({ gateway }: Config, address: string = gateway.host): StatusWarning[] {
  const { auth, cors, trustedProxies, allowedHosts } = gateway;
  const refusals = refusalWarnings(gateway, address);
  if (auth.enabled !== false) return refusals;
  const isBehindProxy = trustedProxies.length > 0 || allowedHosts.length > 0;
  const isReachable = isBehindProxy || !(address === 'localhost' || isLoopback(address));
  const warn = (code: string, message: string, whom: string): StatusWarning => ({
    code,
    message,
    hint: `To ask ${whom} for the token: xopc config unset gateway.auth.enabled`,
  });
  return [
    ...refusals,
    ...(isReachable ? [warn('AUTH_DISABLED', sayOfIssue('auth-disabled'), 'other machines')] : []),
    ...(cors.enabled && cors.origins.includes('*') ? [warn('CORS_OPEN', sayOfIssue('cors-open'), 'web pages')] : []),
  ];
}

export class OpenAccess {
  readonly #config: () => Config;
  readonly #server: Server;
  readonly #logger: LogPort;
  /** The codes of the warnings that apply. */
  #logged: readonly string[] = [];

  constructor(config: () => Config, server: Server, logger: LogPort) {
    this.#config = config;
    this.#server = server;
    this.#logger = logger;
  }

  warnings(): StatusWarning[] {
    const address = this.#server.address() as AddressInfo | null;
    return openAccessWarnings(this.#config(), address?.address);
  }

  isOpenToNetwork(): boolean {
    return this.warnings().some(({ code }) => code === 'AUTH_DISABLED');
  }

  /** Logs each warning once, and again if it returns after having ended. */
  log(): void {
    const warnings = this.warnings();
    for (const { code, message, hint } of warnings) if (!this.#logged.includes(code)) this.#logger.warn({ hint }, message);
    this.#logged = warnings.map(({ code }) => code);
  }
}
