/** Determines where the values in force come from: the file, a variable, an option, or the default. */
import type { ConfigSource } from '../../../shared/api/gateway/config.js';
import type { ConfigDocument } from '../../../shared/config/document.js';
import { formatKey, type KeyPath, valueAt } from '../../../shared/config/key-path.js';
import type { Config } from '../../../shared/config/schema.js';

/** The supervisor's names for its own keys. */
const SUPERVISOR_KEYS: Readonly<Record<string, string>> = {
  host: 'gateway.host',
  port: 'gateway.port',
  drainTimeoutMs: 'gateway.drainTimeoutMs',
  level: 'logs.level',
  maxBytes: 'logs.maxBytes',
  files: 'logs.files',
};

function leaves(value: unknown, path: KeyPath = []): KeyPath[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  const entries = Object.entries(value);
  return entries.length === 0 ? [path] : entries.flatMap(([key, item]) => leaves(item, [...path, key]));
}

const isSource = (value: unknown): value is ConfigSource => value === 'file' || value === 'env' || value === 'flag' || value === 'default';

/** The variable or option that overrides a key of the supervisor. */
const PINS: Readonly<Record<string, Partial<Record<string, string>>>> = {
  'gateway.host': { env: 'XOPC_HOST', flag: '--host' },
  'gateway.port': { env: 'XOPC_PORT', flag: '--port' },
  'logs.level': { env: 'XOPC_LOG_LEVEL' },
  'gateway.auth.api_key': { env: 'XOPC_GATEWAY_TOKEN or --token' },
};

/** Returns, by key, the variable or option that overrides it. */
export function pinsOf(sources: Readonly<Record<string, ConfigSource>>): Record<string, string> {
  const pins = Object.entries(PINS).map(([key, names]) => [key, names[sources[key] ?? ''] ?? ''] as const);
  return Object.fromEntries(pins.filter(([, name]) => name !== ''));
}

/** Returns where each value in force comes from. @param told  the sources of the supervisor's own keys */
export function sourcesOf(
  document: ConfigDocument,
  config: Config,
  told: Readonly<Record<string, string>> = {},
): Record<string, ConfigSource> {
  const sources: Record<string, ConfigSource> = {};
  for (const path of leaves(config)) sources[formatKey(path)] = valueAt(document.raw, path) === undefined ? 'default' : 'file';
  for (const [name, source] of Object.entries(told)) {
    const key = SUPERVISOR_KEYS[name];
    if (key !== undefined && isSource(source)) sources[key] = source;
  }
  return sources;
}
