/**
 * Determines the owner of the data in a home without an owner record. Earlier versions kept the data of all configurations in the
 * home: it belongs to the configuration that used it last.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isLockRecord, readLock } from '../files/lock-record.js';
import { configHash, type ConfigIdentity } from './config-identity.js';

/** A sign that a configuration was in use. */
interface Trace {
  readonly hash: string;
  readonly atMs: number;
  /** The configuration path, if the trace names it. */
  readonly configPath?: string;
}

/** Written at each start, with the configuration's path. */
const START_ENTRY = '"msg":"gateway running"';

/** Whether the home's data was last used by this configuration, or by none. */
export function isEarlierOwner(config: ConfigIdentity): boolean {
  const { home, hash } = config;
  const traces = [...lockTraces(join(home, 'locks')), ...copyTraces(join(home, 'state'))];
  // The copies change only with the configuration; the log shows which one ran last, and its path.
  if (traces.some((trace) => trace.hash !== hash)) traces.push(...logTraces(join(home, 'logs')));
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
  const names = new Set(['config.json', ...namesIn(home).filter((name) => name.endsWith('.json'))]);
  if ([...names].some((name) => configHash(join(home, name)) === lastHash)) return false;
  const text = textOf(configPath);
  return text !== undefined && text === textOf(join(home, 'state', `config.${lastHash}.last-good.json`));
}

/** Locks of living or killed gateways of an earlier version; later ones record their data directory. */
function lockTraces(directory: string): Trace[] {
  return namesIn(directory).flatMap((name) => {
    const [, hash] = /^gateway\.([0-9a-f]{16})\.lock$/.exec(name) ?? [];
    if (hash === undefined) return [];
    const path = join(directory, name);
    const lock = readLock(path);
    return isLockRecord(lock) && lock.dataDir === '' ? [{ hash, atMs: changedAtMs(path), configPath: lock.configPath }] : [];
  });
}

/** The copies of the configuration that a worker last ran with. */
function copyTraces(directory: string): Trace[] {
  return namesIn(directory).flatMap((name) => {
    const [, hash] = /^config\.([0-9a-f]{16})\.last-good\.json$/.exec(name) ?? [];
    return hash === undefined ? [] : [{ hash, atMs: changedAtMs(join(directory, name)) }];
  });
}

/** The last start found in the newest generation of the log. */
function logTraces(directory: string): Trace[] {
  const names = namesIn(directory).filter((name) => /^gateway\.log(?:\.\d+)?$/.test(name));
  const newestFirst = names.toSorted((a, b) => a.length - b.length || a.localeCompare(b));
  for (const name of newestFirst) {
    const line = (textOf(join(directory, name)) ?? '').split('\n').findLast((entry) => entry.includes(START_ENTRY));
    const trace = line === undefined ? undefined : parseStart(line);
    if (trace !== undefined) return [trace];
  }
  return [];
}

function parseStart(line: string): Trace | undefined {
  try {
    const { time, configPath } = JSON.parse(line) as { time?: unknown; configPath?: unknown };
    if (typeof time !== 'string' || typeof configPath !== 'string') return undefined;
    return { hash: configHash(configPath), atMs: Date.parse(time), configPath };
  } catch {
    return undefined; // an incomplete line
  }
}

function namesIn(directory: string): string[] {
  return attempt(() => readdirSync(directory)) ?? [];
}

function textOf(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'));
}

function changedAtMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** A missing file leaves no trace; any other error is thrown. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
