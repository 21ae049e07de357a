/** The part of the configuration that admission applies, prepared once per change instead of once per request. */
import type { Config } from '../../../../shared/config/schema.js';
import { type AddressList, parseAddressList } from '../../../../shared/node/ip-address.js';
import { parseHost } from './own-hosts.js';

export type CorsConfig = Config['gateway']['cors'];

export interface AdmissionRules {
  readonly trustedProxies: AddressList;
  readonly allowedIps: AddressList;
  /** As {@link parseHost} returns them. */
  readonly allowedHosts: ReadonlySet<string>;
  readonly cors: CorsConfig;
  readonly isAuthEnabled: boolean;
}

function prepare({ trustedProxies, allowedIps, allowedHosts, cors, auth }: Config['gateway']): AdmissionRules {
  return {
    trustedProxies: parseAddressList(trustedProxies),
    allowedIps: parseAddressList(allowedIps),
    allowedHosts: new Set(allowedHosts.map((host) => parseHost(host) ?? host)),
    cors,
    isAuthEnabled: auth.enabled,
  };
}

/** @param config  the configuration in force; a changed one is another object */
export function createRules(config: () => Config): () => AdmissionRules {
  let source: Config['gateway'] | undefined;
  let rules: AdmissionRules | undefined;
  return () => {
    const { gateway } = config();
    if (rules === undefined || source !== gateway) {
      source = gateway;
      rules = prepare(gateway);
    }
    return rules;
  };
}
