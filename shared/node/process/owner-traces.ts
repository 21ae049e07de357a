/**
 * Finds out which configuration used the data of a directory, from the files that carry the digits of its path: copies of the
 * configuration that a worker last ran with, and the life log. They stand in for a damaged owner record.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { configHash, type ConfigIdentity, ownerName } from './config-identity.js';
import { isDenied, ownerText } from './owner-record.js';

/** A sign that a configuration was in use. */
export interface Trace {
  readonly hash: string;
  readonly atMs: number;
  /** The configuration path, if the trace names it. */
  readonly configPath?: string;
}

/** Written at each start, with the configuration's path. */
const START_ENTRY = '"msg":"gateway running"';

/** Copies of the configuration change only with it; the life log is updated while a gateway runs. */
const STATE_FILE = /^(?:config\.([0-9a-f]{16})\.last-good\.json|life\.([0-9a-f]{16})\.jsonl)$/;

/** Returns the traces in `state` of the configurations that used the data. */
export function stateTraces(dataDir: string): Trace[] {
  const directory = join(dataDir, 'state');
  return namesIn(directory).flatMap((name) => {
    const [, copy, life] = STATE_FILE.exec(name) ?? [];
    const hash = copy ?? life;
    return hash === undefined ? [] : [{ hash, atMs: changedAtMs(join(directory, name)) }];
  });
}

/** Returns the last start found in the newest generation of the log. */
export function logTraces(dataDir: string): Trace[] {
  const directory = join(dataDir, 'logs');
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

/** Returns the paths of the configurations in the home, and of `config.json` even if it is missing. */
function configsIn(home: string): string[] {
  const names = new Set(['config.json', ...namesIn(home).filter((name) => name.endsWith('.json') && name !== 'models.json')]);
  return [...names].map((name) => join(home, name));
}

/** Whether a configuration in the home has these digits. */
export function isUsedHere(home: string, hash: string): boolean {
  return configsIn(home).some((path) => configHash(path) === hash);
}

/** Whether a configuration's text is the one that a worker last ran with under these digits. */
export function isLastText(configPath: string, dataDir: string, hash: string): boolean {
  const text = textOf(configPath);
  return text !== undefined && text === textOf(join(dataDir, 'state', `config.${hash}.last-good.json`));
}

/**
 * Returns whether the data belongs to this configuration. It does only if the traces leave no doubt: of the configurations that still
 * exist, it alone is among them, and it is the last; or, in a moved home, none exists, and it alone has the text that was last used.
 */
export function judgeTraces(config: ConfigIdentity, dataDir: string): 'own' | 'other' | 'unclear' {
  const traces = usesOf(config.home, dataDir);
  const [last] = traces;
  if (last === undefined) return 'unclear';
  const there = new Set(traces.filter((trace) => trace.hash === config.hash || isThere(config.home, trace)).map(({ hash }) => hash));
  if (there.has(last.hash) && !there.has(config.hash))
    return traces.some((trace) => trace.hash === last.hash && isCopied(config, dataDir, trace)) ? 'unclear' : 'other';
  if (there.size > 0) return there.size === 1 && there.has(last.hash) ? 'own' : 'unclear';
  // A move of the home changes the digits of the configurations in it only.
  if (isAbsolute(ownerName(config)) || !isLastText(config.configPath, dataDir, last.hash)) return 'unclear';
  const others = configsIn(config.home).filter((path) => configHash(path) !== config.hash);
  return others.some((path) => isLastText(path, dataDir, last.hash)) ? 'unclear' : 'own';
}

/** Whether the configuration that left the trace lies in the home, or still exists elsewhere. */
function isThere(home: string, { hash, configPath }: Trace): boolean {
  return isUsedHere(home, hash) || (configPath !== undefined && existsSync(configPath));
}

/** Whether the trace may be this configuration's, from before its home was copied: the same data is in the home that it names. */
function isCopied(config: ConfigIdentity, dataDir: string, { configPath = '' }: Trace): boolean {
  const name = ownerName(config);
  const home = configPath.slice(0, -name.length);
  return configPath.endsWith(`${sep}${name}`) && existsSync(join(home, relative(config.home, dataDir), 'state'));
}

/** What the files of a directory say about its use, newest first. The name of a directory in `gateways` is a sign without a time. */
function usesOf(home: string, dataDir: string): Trace[] {
  const digits = dataDir === home ? [] : [{ hash: basename(dataDir), atMs: 0 }];
  const traces = [stateTraces, logTraces].flatMap((tracesIn) => readable(() => tracesIn(dataDir)) ?? []);
  return [...traces, ...digits].toSorted((a, b) => b.atMs - a.atMs);
}

/** Describes which configurations used a directory's data, and what to do if that is not enough. */
export function describeUse(config: ConfigIdentity, dataDir: string): { text: string; hint: string } {
  const traces = usesOf(config.home, dataDir);
  const paths = [config.configPath, ...configsIn(config.home), ...traces.flatMap(({ configPath }) => configPath ?? [])];
  const uses = traces.filter(({ hash }, index) => traces.findIndex((use) => use.hash === hash) === index);
  const nameOf = (hash: string): string | undefined => {
    const path = paths.find((one) => configHash(one) === hash);
    return path === undefined ? undefined : ownerName({ home: config.home, configPath: path });
  };
  const described = uses.map(({ hash, atMs }) => {
    const time = atMs === 0 ? '' : ` until ${new Date(atMs).toISOString().slice(0, 16)}Z`;
    return `${nameOf(hash) ?? `a configuration that is no longer there (digits ${hash})`}${time}`;
  });
  const text = described.length === 0 ? 'no file beside it shows who used it' : `the files beside it were used by ${described.join(', ')}`;
  const last = uses[0] && nameOf(uses[0].hash);
  const own = ownerName(config);
  // The same name elsewhere may be that of this configuration, from before its home was moved or copied.
  const name = last === undefined || last.endsWith(`${sep}${own}`) ? own : last;
  const rest = uses.length === 0 ? '   If it was never used, remove that file.' : '';
  return { text, hint: `If it is the data of ${name}, write into that file: ${ownerText(name)}${rest}` };
}

export function namesIn(directory: string): string[] {
  return attempt(() => readdirSync(directory)) ?? [];
}

function textOf(path: string): string | undefined {
  return attempt(() => readFileSync(path, 'utf8'));
}

export function changedAtMs(path: string): number {
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

/** Another user's files leave no trace either. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isDenied(error)) return undefined;
    throw error;
  }
}
