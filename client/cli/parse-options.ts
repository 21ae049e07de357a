/** Values of command-line options. */
import { existsSync } from 'node:fs';
import { HOST, MAX_DRAIN_TIMEOUT_MS } from '../../shared/config/defaults.js';
import { GatewayError } from '../../shared/errors.js';
import { parseSince } from '../../shared/log/since.js';
import { tokenProblem } from '../../shared/node/process/env.js';
import type { GatewayPaths } from '../../shared/node/process/paths.js';
import { usage } from './usage.js';

/** `--timeout`. @returns undefined when it is not given @throws USAGE */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text) && Number(text) <= MAX_DRAIN_TIMEOUT_MS) return Number(text);
  throw usage(`--timeout is '${text}'; it must be whole milliseconds from 0 to ${MAX_DRAIN_TIMEOUT_MS}`, 'e.g. --timeout 5000');
}

/** `--token`. @throws USAGE for a value that cannot be sent in a header, and for a masked token */
export function parseToken(text: string | undefined): string | undefined {
  const problem = text === undefined ? undefined : tokenProblem(text);
  if (problem === undefined) return text;
  throw usage(`--token ${problem}`, 'Use printable ASCII without spaces, e.g. the output of: openssl rand -hex 32');
}

/** `--host`. @throws USAGE */
export function parseHost(text: string | undefined): string | undefined {
  if (text === undefined || HOST.test(text)) return text;
  throw usage(`--host is '${text}', which is not an address`, 'e.g. --host 127.0.0.1');
}

/**
 * `--config` of a command that starts a gateway: falling back to defaults, perhaps on another port, would be a surprise.
 * @returns the path; undefined when the option is not given @throws CONFIG_INVALID when the file does not exist
 */
export function requireNamedConfig(option: string | undefined, { configPath }: GatewayPaths): string | undefined {
  if (option === undefined) return undefined;
  if (existsSync(configPath)) return configPath;
  throw new GatewayError('CONFIG_INVALID', {
    message: `${configPath} does not exist`,
    hint: 'Create it ({} is enough), or omit --config.',
  });
}

/** A `--key` in the form that the API accepts. @throws USAGE */
export function parseKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw usage(`--key is ${JSON.stringify(key.slice(0, 80))}; it must be 1 to 255 visible ASCII characters`);
}

/** `--limit` of a list, or a similar number. @throws USAGE */
export function parseLimit(text: string | undefined, range: { default: number; max: number; flag?: string }): number {
  const { flag = '--limit' } = range;
  if (text === undefined) return range.default;
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= range.max) return Number(text);
  throw usage(`${flag} is '${text}'; it must be a whole number from 1 to ${range.max}`, `e.g. ${flag} ${Math.min(50, range.max)}`);
}

/** `90s`, `1h30m` in ms. @throws USAGE */
export function parseDuration(text: string, flag: string): number {
  const before = /^\d.*[smhdw]$/.test(text) ? parseSince(text, 0) : undefined;
  if (before !== undefined && before <= 0) return -before;
  throw usage(`${flag} is '${text}'; it must be a duration`, 'Units are s, m, h, d and w, as in 1h30m.');
}
