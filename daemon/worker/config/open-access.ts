/** Warns of a gateway that other machines, or any web page, may use without the token, because its owner has written so. */
import type { AddressInfo, Server } from 'node:net';
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { isLoopback } from '../../../shared/node/ip-address.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';

/**
 * @param address  where it listens
 * @returns `AUTH_DISABLED` where other machines reach the gateway, `CORS_OPEN` where any web page does; none where the token is needed
 */
export function openAccessWarnings({ gateway }: Config, address: string = gateway.host): StatusWarning[] {
  const { auth, cors, trustedProxies, allowedHosts } = gateway;
  if (auth.enabled !== false) return [];
  const isBehindProxy = trustedProxies.length > 0 || allowedHosts.length > 0;
  const isReachable = isBehindProxy || !(address === 'localhost' || isLoopback(address));
  const warn = (code: string, message: string, whom: string): StatusWarning => ({
    code,
    message,
    hint: `To ask ${whom} for the token: xopc config unset gateway.auth.enabled`,
  });
  return [
    ...(isReachable ? [warn('AUTH_DISABLED', sayOfIssue('auth-disabled'), 'other machines')] : []),
    ...(cors.enabled && cors.origins.includes('*') ? [warn('CORS_OPEN', sayOfIssue('cors-open'), 'web pages')] : []),
  ];
}

export class OpenAccess {
  readonly #config: () => Config;
  readonly #server: Server;
  readonly #logger: LogPort;
  /** The codes of those that hold. */
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

  /** Logs each warning once, and again after a time in which it did not hold. */
  log(): void {
    const warnings = this.warnings();
    for (const { code, message, hint } of warnings) if (!this.#logged.includes(code)) this.#logger.warn({ hint }, message);
    this.#logged = warnings.map(({ code }) => code);
  }
}
