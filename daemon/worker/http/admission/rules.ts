/** The part of the configuration that admission applies, prepared once per change instead of once per request. */
import { parseBasePath } from '../../../../shared/config/base-path.js';
import type { Config } from '../../../../shared/config/schema.js';
import { type AddressList, parseAddressList } from '../../../../shared/node/ip-address.js';
import { parseHost } from './own-hosts.js';

export type CorsConfig = Config['gateway']['cors'];

export interface AdmissionRules {
  readonly trustedProxies: AddressList;
  readonly allowedIps: AddressList;
  /** As {@link parseHost} returns them. */
  readonly allowedHosts: ReadonlySet<string>;
  /** Without a trailing slash; '' for none. */
  readonly basePath: string;
  readonly cors: CorsConfig;
  /** Who needs no token, except for operations that always need it. */
  readonly tokenless: 'nobody' | 'local' | 'everybody';
}

/** Which other web pages may call while CORS is enabled: whether it names the origin itself (`listed`) or only by `*`. */
export function corsMatch(cors: CorsConfig, origin: string): 'listed' | 'any' | 'none' {
  if (!cors.enabled || origin === '' || origin === 'null') return 'none';
  if (cors.origins.includes(origin)) return 'listed';
  return cors.origins.includes('*') ? 'any' : 'none';
}

function tokenlessBy(enabled: boolean | undefined): AdmissionRules['tokenless'] {
  if (enabled === undefined) return 'local';
  return enabled ? 'nobody' : 'everybody';
}

function prepare({ trustedProxies, allowedIps, allowedHosts, basePath, cors, auth }: Config['gateway']): AdmissionRules {
  return {
    trustedProxies: parseAddressList(trustedProxies),
    allowedIps: parseAddressList(allowedIps),
    allowedHosts: new Set(allowedHosts.map((host) => parseHost(host) ?? host)),
    basePath: parseBasePath(basePath) ?? '',
    cors,
    tokenless: tokenlessBy(auth.enabled),
  };
}

/** @param config  the configuration in force; a new object after each change */
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
