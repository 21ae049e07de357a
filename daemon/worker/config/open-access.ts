/** Warns of a gateway that other machines may use without the token, because its owner has written so. */
import type { AddressInfo, Server } from 'node:net';
import type { Config } from '../../../shared/config/schema.js';
import type { StatusWarning } from '../../../shared/control/messages.js';
import type { LogPort } from '../../../shared/log/log-port.js';
import { isLoopback } from '../../../shared/node/ip-address.js';
import { sayOfIssue } from '../../../shared/text/sentences/issue.js';

/**
 * @param address  where it listens
 * @returns undefined where the token is needed, or nothing but this machine reaches the gateway
 */
export function openAccessWarning({ gateway }: Config, address: string = gateway.host): StatusWarning | undefined {
  const { auth, trustedProxies, allowedHosts } = gateway;
  const isBehindProxy = trustedProxies.length > 0 || allowedHosts.length > 0;
  if (auth.enabled !== false || (!isBehindProxy && (address === 'localhost' || isLoopback(address)))) return undefined;
  return {
    code: 'AUTH_DISABLED',
    message: sayOfIssue('auth-disabled'),
    hint: 'To ask other machines for the token: xopc config unset gateway.auth.enabled',
  };
}

export class OpenAccess {
  readonly #config: () => Config;
  readonly #server: Server;
  readonly #logger: LogPort;
  #isLogged = false;

  constructor(config: () => Config, server: Server, logger: LogPort) {
    this.#config = config;
    this.#server = server;
    this.#logger = logger;
  }

  warnings(): StatusWarning[] {
    const address = this.#server.address() as AddressInfo | null;
    return [openAccessWarning(this.#config(), address?.address)].filter((warning) => warning !== undefined);
  }

  /** Logs the warning once, and again after a time in which it did not hold. */
  log(): void {
    const [warning] = this.warnings();
    if (warning !== undefined && !this.#isLogged) this.#logger.warn({ hint: warning.hint }, warning.message);
    this.#isLogged = warning !== undefined;
  }
}
