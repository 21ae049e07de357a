/**
 * Which directory holds a configuration's data: the home itself for one configuration, `{home}/gateways/{hash}` for every other.
 * `{home}/state/owner.json` names the one that owns the home's data; see docs/adr/0001-lock.md, "Data".
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../errors.js';
import { type ConfigIdentity, ownerName } from './config-identity.js';
import { isEarlierOwner } from './earlier-owner.js';

/** Owner records in a later format are refused, not guessed at. */
export const OWNER_VERSION = 1;

/** Returns the directories of a home that may hold a configuration's data: the home itself, then those in `gateways`. */
export function dataDirsOf(home: string): string[] {
  const gateways = join(home, 'gateways');
  try {
    return [home, ...readdirSync(gateways).map((name) => join(gateways, name))];
  } catch {
    // There is only one configuration in the home.
    return [home];
  }
}

/**
 * Returns the data directory of a configuration that does not own the home's data: `{home}/gateways/{hash}`, with the digits of
 * its lock. In a home that was moved the digits differ; there the record in the directory decides.
 */
export function ownDataDir(config: ConfigIdentity): string {
  const expected = join(config.home, 'gateways', config.hash);
  if (existsSync(expected)) return expected;
  const name = ownerName(config);
  const [, ...others] = dataDirsOf(config.home);
  return others.find((dataDir) => isOwnedBy(dataDir, name)) ?? expected;
}

/** An unreadable record counts as another configuration's. */
function isOwnedBy(dataDir: string, name: string): boolean {
  try {
    return readOwner(dataDir) === name;
  } catch {
    return false;
  }
}

/** Returns where a data directory's owner is recorded. */
export function ownerPathIn(dataDir: string): string {
  return join(dataDir, 'state', 'owner.json');
}

const OTHER_OWNER_HINT = 'Run the command as the owner of that directory, or set XOPC_HOME to a directory of your own.';

function unreadable(path: string, reason: string, cause?: unknown): GatewayError {
  return new GatewayError('CONFIG_INVALID', {
    message: `${path} cannot be used: ${reason}; it records which configuration the data beside it belongs to`,
    details: { path },
    hint: isDenied(cause) ? OTHER_OWNER_HINT : `Write the configuration's path into it: {"v":1,"configPath":"config.json"}`,
    cause,
  });
}

/** Returns the name of the configuration that owns the data; undefined without a record. @throws CONFIG_INVALID for one that cannot be read */
export function readOwner(dataDir: string): string | undefined {
  const path = ownerPathIn(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(path, `reading it failed (${code ?? String(error)})`, error);
  }
  return parseOwner(path, text);
}

function parseOwner(path: string, text: string): string {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw unreadable(path, 'it is not JSON', error);
  }
  const { v, configPath } = (record ?? {}) as { v?: unknown; configPath?: unknown };
  if (v !== OWNER_VERSION) throw unreadable(path, `its version ${JSON.stringify(v)} is not ${OWNER_VERSION}`);
  if (typeof configPath !== 'string' || configPath === '') throw unreadable(path, 'it names no configuration');
  return configPath;
}

/** Returns the directory of a configuration's data; until it is claimed, another configuration may claim it. @throws CONFIG_INVALID */
export function findDataDir(config: ConfigIdentity): string {
  let owner: string | undefined;
  try {
    owner = readOwner(config.home);
  } catch (error) {
    // In another user's home nothing can be claimed, and commands report whose gateway it is.
    if (isDenied((error as Error).cause)) return config.home;
    throw error;
  }
  const ownsHome = owner === undefined ? isEarlierOwner(config) : owner === ownerName(config);
  return ownsHome ? config.home : ownDataDir(config);
}

function isDenied(error: unknown): boolean {
  return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}
