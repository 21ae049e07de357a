/** Names of the unit, the LaunchAgent and the task: each gateway has its own, so that installing one never touches another. */
import { join, parse } from 'node:path';
import { configHash } from '../../../shared/node/process/config-identity.js';
import { defaultHome } from '../../../shared/node/process/env.js';
import { sha256Hex } from '../../../shared/sha256.js';

/** The name for `~/.xopc/config.json`, and for every installation whose record has none. */
export const DEFAULT_SERVICE_NAME = 'xopc-gateway';

/** Matches the names that {@link serviceNames} returns. */
export const SERVICE_NAMES = /^xopc-gateway(?:(?:-[a-z0-9]+)*-[0-9a-f]{8})?$/;

const MAX_SLUG_LENGTH = 32;

/** A gateway: a home, and a configuration in it; null for the home's `config.json`. */
export interface ServedGateway {
  readonly home: string;
  readonly configPath: string | null;
}

function gatewayId({ home, configPath }: ServedGateway): string {
  const usual = configHash(join(home, 'config.json'));
  return `${usual} ${configPath === null ? usual : configHash(configPath)}`;
}

/** Whether both are the same gateway, however the paths are written. */
export function isSameGateway(a: ServedGateway, b: ServedGateway): boolean {
  return gatewayId(a) === gatewayId(b);
}

function slugOf(configPath: string): string {
  const slug = parse(configPath)
    .name.toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_SLUG_LENGTH);
  return slug.replaceAll(/^-+|-+$/g, '');
}

export interface ServiceNames {
  readonly name: string;
  /** Used when another gateway's service has the first name, which earlier versions gave to every gateway. */
  readonly otherwise: string;
}

/** Returns the names for a gateway that is not installed yet. */
export function serviceNames(gateway: ServedGateway): ServiceNames {
  const parts = [DEFAULT_SERVICE_NAME, slugOf(gateway.configPath ?? 'config.json'), sha256Hex(gatewayId(gateway)).slice(0, 8)];
  const otherwise = parts.filter((part) => part !== '').join('-');
  const isDefault = isSameGateway(gateway, { home: defaultHome(), configPath: null });
  return { name: isDefault ? DEFAULT_SERVICE_NAME : otherwise, otherwise };
}
