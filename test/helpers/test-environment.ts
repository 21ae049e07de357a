import type { GatewayEnvironment } from '../../shared/node/process/env.js';

/** What a gateway with this home reads when no variable is set. */
export function testEnvironment(home: string, overrides: Partial<GatewayEnvironment> = {}): GatewayEnvironment {
  return {
    home,
    configPath: undefined,
    port: undefined,
    host: undefined,
    token: undefined,
    logLevel: undefined,
    allowSigusr1Restart: false,
    noRespawn: false,
    serviceMarker: null,
    listenFds: 0,
    runtimeDir: home,
    ...overrides,
  };
}
