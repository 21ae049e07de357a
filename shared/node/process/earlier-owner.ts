/**
 * Determines the owner of the data in a home without an owner record. Earlier versions kept the data of all configurations in the
 * home: it belongs to the configuration that used it last.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLock } from '../files/lock-record.js';
import type { ConfigIdentity } from './config-identity.js';
import { changedAtMs, isLastText, isUsedHere, logTraces, namesIn, stateTraces, type Trace } from './owner-traces.js';

/** Whether the home's data was last used by this configuration, or by none. */
export function isEarlierOwner(config: ConfigIdentity): boolean {
  const { home, hash } = config;
  const traces = [...lockTraces(join(home, 'locks')), ...stateTraces(home)];
  // The copies change only with the configuration; the log shows which one ran last, and its path.
  if (traces.some((trace) => trace.hash !== hash)) traces.push(...logTraces(home));
  const last = traces.toSorted((a, b) => b.atMs - a.atMs)[0];
  if (last === undefined || last.hash === hash) return true;
  const places = traces.flatMap((trace) => (trace.hash === last.hash && trace.configPath !== undefined ? [trace.configPath] : []));
  return !places.some((path) => existsSync(path)) && isMoved(config, last.hash);
}

/**
 * In a home that was moved or copied before its upgrade, the same file has another hash. Then its text decides, unless a file here
 * has the old hash.
 */
function isMoved({ home, configPath }: ConfigIdentity, lastHash: string): boolean {
  return !isUsedHere(home, lastHash) && isLastText(configPath, home, lastHash);
}

/** Locks of living or killed gateways of an earlier version; later ones record their data directory. */
function lockTraces(directory: string): Trace[] {
  return namesIn(directory).flatMap((name) => {
    const [, hash] = /^gateway\.([0-9a-f]{16})\.lock$/.exec(name) ?? [];
    if (hash === undefined) return [];
    const path = join(directory, name);
    const lock = readLock(path);
    return lock?.dataDir === '' ? [{ hash, atMs: changedAtMs(path), configPath: lock.configPath }] : [];
  });
}
