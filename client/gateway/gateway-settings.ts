/**
 * Finds out where the gateway of a configuration listens, and its token. A running gateway reports its token; everything else is
 * read without asking it. Precedence: flag, environment, file, default. Invalid values are skipped here; the gateway itself reports
 * them.
 */
import type { OwnToken } from '../../shared/control/messages.js';
import { GatewayError } from '../../shared/errors.js';
import { GATEWAY_DEFAULTS } from '../../shared/config/defaults.js';
import { valueAt } from '../../shared/config/key-path.js';
import { loadConfigFile } from '../../shared/node/config/config-file.js';
import { configInvalid } from '../../shared/node/config/config-text.js';
import type { GatewayEnvironment } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { maskToken } from '../../shared/config/secrets.js';
import { readToken } from '../../shared/node/secrets/token-file.js';
import { callControl } from './control-client.js';
import { askAgain, type GatewayLocation } from './locate-gateway.js';

export interface ListenSettings {
  readonly host: string;
  readonly port: number;
}

function readConfigValue(paths: Pick<GatewayPaths, 'configPath'>): Readonly<Record<string, unknown>> {
  const document = loadConfigFile({ path: paths.configPath });
  return document.problems.length === 0 ? document.value : {};
}

/** @throws CONFIG_INVALID when the file cannot be read at all */
export function readListenSettings(
  paths: Pick<GatewayPaths, 'configPath'>,
  environment: Pick<GatewayEnvironment, 'host' | 'port'>,
  flags: Partial<ListenSettings> = {},
): ListenSettings {
  const config = readConfigValue(paths);
  const port = valueAt(config, ['gateway', 'port']);
  const host = valueAt(config, ['gateway', 'host']);
  return {
    host: flags.host ?? environment.host ?? (typeof host === 'string' && host !== '' ? host : GATEWAY_DEFAULTS.host),
    port: flags.port ?? environment.port ?? (Number.isInteger(port) ? (port as number) : GATEWAY_DEFAULTS.port),
  };
}

/**
 * Where an installed service listens: the options given to `install` override the configuration, and this shell's variables do not
 * reach it. @throws CONFIG_INVALID when the file cannot be read at all
 */
export function readServiceListen(
  { port, host }: { readonly port: number | null; readonly host: string | null },
  paths: Pick<GatewayPaths, 'configPath'>,
): ListenSettings {
  return readListenSettings(paths, { host: host ?? undefined, port: port ?? undefined });
}

/** Returns the drain time in milliseconds of a gateway that does not answer; the default if the file has no valid one. */
export function readDrainTimeoutMs(paths: GatewayPaths): number {
  try {
    const value = valueAt(readConfigValue(paths), ['gateway', 'drainTimeoutMs']);
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : GATEWAY_DEFAULTS.drainTimeoutMs;
  } catch {
    return GATEWAY_DEFAULTS.drainTimeoutMs;
  }
}

/** The token that takes precedence over the generated one. @throws CONFIG_INVALID when the configuration cannot be read */
export function readGivenToken(paths: GatewayPaths, environment: Pick<GatewayEnvironment, 'token'>): OwnToken | undefined {
  if (environment.token !== undefined) return { token: environment.token, source: 'env' };
  const { file, value, problems } = loadConfigFile({ path: paths.configPath });
  if (problems.length > 0) throw configInvalid(file, problems);
  const configured = valueAt(value, ['gateway', 'auth', 'api_key']);
  return typeof configured === 'string' && configured !== '' ? { token: configured, source: 'config' } : undefined;
}

/** Returns the token that a gateway started now would use. @throws CONFIG_INVALID when config or token file cannot be read */
export function readKnownToken(paths: GatewayPaths, environment: Pick<GatewayEnvironment, 'token'>): OwnToken | undefined {
  const given = readGivenToken(paths, environment);
  if (given !== undefined) return given;
  const generated = readToken(paths.tokenPath);
  return generated === undefined ? undefined : { token: generated, source: 'generated' };
}

/**
 * Requests the token in force. Only the gateway knows it: it may come from its environment, its command line or an earlier version
 * of the configuration. @returns null if no gateway answers, it has no token yet, or its version does not know the request
 */
export async function askToken(location: GatewayLocation): Promise<OwnToken | null> {
  if (location.kind !== 'answers') return null;
  try {
    return await askAgain(() => callControl(location.controlPath, { type: 'token' }));
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

/** Returns the token in force, or else the one that a gateway would start with. @throws as {@link readKnownToken} */
export async function findToken(
  location: GatewayLocation,
  paths: GatewayPaths,
  environment: GatewayEnvironment,
): Promise<OwnToken | undefined> {
  return (await askToken(location)) ?? readKnownToken(paths, environment);
}

/** Returns the masked token; null when there is none or it cannot be read, because `status` must not fail for that. */
export function readTokenHint(paths: GatewayPaths, environment: GatewayEnvironment): string | null {
  try {
    const known = readKnownToken(paths, environment);
    return known === undefined ? null : maskToken(known.token);
  } catch {
    return null;
  }
}
