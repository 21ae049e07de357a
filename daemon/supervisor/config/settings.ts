/**
 * The few keys that the supervisor itself uses: where to listen, how long to drain, when to rotate the log. Parsed by hand, because
 * loading zod alone takes 28 ms. The worker validates the whole document. Precedence: flag, environment, file, default.
 */
import { GATEWAY_DEFAULTS, HOST, HOST_RULE, LOG_DEFAULTS, MAX_DRAIN_TIMEOUT_MS } from '../../../shared/config/defaults.js';
import { type ConfigDocument, problemAt } from '../../../shared/config/document.js';
import { valueAt } from '../../../shared/config/key-path.js';
import type { Problem } from '../../../shared/errors.js';
import type { SupervisorBoot } from '../../../shared/ipc/messages.js';
import { isLogLevel, LOG_LEVELS } from '../../../shared/log/level.js';
import { configInvalid } from '../../../shared/node/config/config-text.js';
import type { GatewayEnvironment } from '../../../shared/node/process/env.js';
import { explainFile } from '../../../shared/text/file-reasons.js';
import type { Coded } from '../../../shared/text/fill-text.js';

export interface SupervisorSettings {
  readonly host: string;
  readonly port: number;
  readonly drainTimeoutMs: number;
  readonly logs: { readonly level: string; readonly maxBytes: number; readonly files: number };
  /** `flag`, `env`, `file` or `default`, by key. */
  readonly sources: Readonly<Record<string, string>>;
}

export type SettingsFlags = Pick<SupervisorBoot['flags'], 'port' | 'host'>;

const DEFAULTS = { ...GATEWAY_DEFAULTS, ...LOG_DEFAULTS };

/** The rule that a value breaks: as text that follows "it", and in machine-readable form, as the worker reports it. */
type Rule = { readonly text: string } & Coded;

type Check = (value: unknown) => Rule | undefined;

const mustBe = (allowed: string, coded: Coded): Rule => ({ text: `must be ${allowed}`, code: 'wrong-value', values: { allowed: coded } });

const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : mustBe(`a whole number from ${min} to ${max}`, { code: 'int-range', values: { min, max } });

function logLevel(value: unknown): Rule | undefined {
  const values = LOG_LEVELS.join(', ');
  return isLogLevel(value) ? undefined : mustBe(`one of ${values}`, { code: 'one-of', values: { values } });
}

function host(value: unknown): Rule | undefined {
  if (typeof value === 'string' && HOST.test(value)) return undefined;
  return { text: HOST_RULE, code: 'breaks-rule', values: { rule: { code: 'host', values: {} } } };
}

/** Keys and limits as in shared/config/schema.ts; a test keeps the two in step. */
const KEYS: readonly { key: string; path: readonly string[]; check: Check }[] = [
  { key: 'host', path: ['gateway', 'host'], check: host },
  { key: 'port', path: ['gateway', 'port'], check: integer(1, 65_535) },
  { key: 'drainTimeoutMs', path: ['gateway', 'drainTimeoutMs'], check: integer(0, MAX_DRAIN_TIMEOUT_MS) },
  { key: 'level', path: ['logs', 'level'], check: logLevel },
  { key: 'maxBytes', path: ['logs', 'maxBytes'], check: integer(65_536, 1_073_741_824) },
  { key: 'files', path: ['logs', 'files'], check: integer(1, 100) },
];

const MAX_SHOWN_LENGTH = 60;

function shortened(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}…` : text;
}

/** Finds a variable of the host that is not set: the default host would open the gateway to every network. */
function findUnsetHost(document: ConfigDocument): Problem[] {
  return document.unresolved.flatMap(({ path, variable }) => {
    if (path.join('.') !== 'gateway.host') return [];
    return [problemAt(document, path, { key: 'gateway.host', ...explainFile('unset-host', { variable }) })];
  });
}

/** The supervisor's keys as set in the file. */
function readFileValues(document: ConfigDocument): { values: Record<string, unknown>; problems: readonly Problem[] } {
  if (document.problems.length > 0) return { values: {}, problems: document.problems };
  const values: Record<string, unknown> = {};
  const problems: Problem[] = findUnsetHost(document);
  for (const { key, path, check } of KEYS) {
    const value = valueAt(document.value, path);
    if (value === undefined) continue;
    const rule = check(value);
    if (rule === undefined) {
      values[key] = value;
      continue;
    }
    const shown = { code: 'is-value', values: { value: shortened(value) } };
    const why = { code: rule.code, values: { ...rule.values, shown } };
    problems.push(problemAt(document, path, { key: path.join('.'), message: `is ${shortened(value)}; it ${rule.text}`, ...why }));
  }
  return { values, problems };
}

/**
 * Resolves the settings in force. @throws CONFIG_INVALID (details.problems) when the file cannot be used
 */
export function resolveSettings(options: {
  document: ConfigDocument;
  flags: SettingsFlags;
  environment: GatewayEnvironment;
}): SupervisorSettings {
  const { values, problems } = readFileValues(options.document);
  if (problems.length > 0) throw configInvalid(options.document.file, problems);
  const sources: Record<string, string> = {};
  const pick = <T>(key: keyof typeof DEFAULTS, flag: T | undefined, environment: T | undefined): T => {
    const candidates: [string, T | undefined][] = [
      ['flag', flag],
      ['env', environment],
      ['file', values[key] as T | undefined],
    ];
    const found = candidates.find(([, value]) => value !== undefined);
    sources[key] = found?.[0] ?? 'default';
    return (found?.[1] ?? DEFAULTS[key]) as T;
  };
  return {
    host: pick<string>('host', options.flags.host, options.environment.host),
    port: pick<number>('port', options.flags.port, options.environment.port),
    drainTimeoutMs: pick<number>('drainTimeoutMs', undefined, undefined),
    logs: {
      level: pick<string>('level', undefined, options.environment.logLevel),
      maxBytes: pick<number>('maxBytes', undefined, undefined),
      files: pick<number>('files', undefined, undefined),
    },
    sources,
  };
}
