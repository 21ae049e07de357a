import { describe, expect, test } from 'vitest';
import { resolveSettings, type SettingsFlags, type SupervisorSettings } from '../../../../daemon/supervisor/config/settings.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { GatewayError, type Problem } from '../../../../shared/errors.js';
import { parseConfigText } from '../../../../shared/node/config/config-text.js';
import { type Reason, say } from '../../../../shared/text/reasons.js';
import type { GatewayEnvironment } from '../../../../shared/node/process/env.js';
import { testEnvironment } from '../../../helpers/test-environment.js';

const ENVIRONMENT = testEnvironment('/home/me/.xopc', { runtimeDir: '/run' });

function resolve(file: unknown, options: { flags?: SettingsFlags; environment?: Partial<GatewayEnvironment> } = {}): SupervisorSettings {
  const text = typeof file === 'string' ? file : JSON.stringify(file);
  return resolveSettings({
    document: parseConfigText(text, 'config.json', () => undefined),
    flags: options.flags ?? {},
    environment: { ...ENVIRONMENT, ...options.environment },
  });
}

function problemsOf(file: unknown): readonly Problem[] {
  try {
    resolve(file);
    return [];
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.details?.['problems'] as Problem[];
  }
}

test('an unset variable of the host is refused, as by the worker; one of another key is omitted', () => {
  const file = { gateway: { host: '${HOST_UNSET}' }, logs: { level: '${LEVEL_UNSET}' } };
  expect(problemsOf(file)).toEqual([
    expect.objectContaining({ key: 'gateway.host', code: 'unset-host', values: { variable: 'HOST_UNSET' } }),
  ]);
  expect(problemsOf({ ...file, gateway: {} })).toEqual([]);
});

describe('which value is in force', () => {
  test('nothing set: the defaults of the schema', () => {
    const { gateway, logs } = configSchema.parse({});
    const { sources, ...settings } = resolve({});
    expect(settings).toEqual({ host: gateway.host, port: gateway.port, drainTimeoutMs: gateway.drainTimeoutMs, logs });
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  const file = { gateway: { host: 'file', port: 1001, drainTimeoutMs: 1 }, logs: { level: 'warn', maxBytes: 65_536, files: 2 } };

  test('the file, where nothing is above it', () => {
    const { sources, ...settings } = resolve(file);
    expect(settings).toEqual({ ...file.gateway, logs: file.logs });
    expect(sources).toEqual({ host: 'file', port: 'file', drainTimeoutMs: 'file', level: 'file', maxBytes: 'file', files: 'file' });
  });

  test('the environment before the file', () => {
    const settings = resolve(file, { environment: { host: 'env', port: 1002, logLevel: 'debug' } });
    expect(settings).toMatchObject({ host: 'env', port: 1002, logs: { level: 'debug' } });
    expect(settings.sources).toMatchObject({ host: 'env', port: 'env', level: 'env', files: 'file' });
  });

  test('a flag before all', () => {
    const settings = resolve(file, { flags: { host: 'flag', port: 1003 }, environment: { host: 'env', port: 1002 } });
    expect(settings).toMatchObject({ host: 'flag', port: 1003 });
    expect(settings.sources).toMatchObject({ host: 'flag', port: 'flag' });
  });
});

/** Our keys, at, beyond and beside their limits: what the worker's schema says of a value, this reader must say too. */
const VALUES: readonly { path: readonly [string, string]; values: readonly unknown[] }[] = [
  { path: ['gateway', 'host'], values: ['', '0.0.0.0', '::', 'name', 5, null, true, [], {}] },
  { path: ['gateway', 'port'], values: [0, 1, 65_535, 65_536, -1, 1.5, '80', null, true, [80]] },
  { path: ['gateway', 'drainTimeoutMs'], values: [-1, 0, 600_000, 600_001, 0.5, '5000', null, 1e300] },
  { path: ['logs', 'level'], values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', '', 'INFO', 30, null] },
  { path: ['logs', 'maxBytes'], values: [65_535, 65_536, 1_073_741_824, 1_073_741_825, 70_000.5, '10MB', null] },
  { path: ['logs', 'files'], values: [0, 1, 100, 101, 2.5, '5', null] },
];

describe('limits are those of the schema', () => {
  const cases = VALUES.flatMap(({ path, values }) => values.map((value) => ({ key: path.join('.'), path, value })));
  test.each(cases)('$key: $value', ({ key, path: [section, name], value }) => {
    const config = { [section]: { [name]: value } };
    const isValid = configSchema.safeParse(config).success;
    const problems = problemsOf(config);
    expect(problems.length === 0).toBe(isValid);
    if (isValid) return;
    const { code, values, message } = problems[0] ?? { message: '' };
    expect(problems[0]).toMatchObject({ file: 'config.json', line: 1, key });
    expect(say({ code, values } as Reason)).toBe(message);
  });
});

describe('what is wrong is named', () => {
  test('with its place, its key, its value and what is allowed', () => {
    const [problem] = problemsOf('{\n  // how long\n  "gateway": { "drainTimeoutMs": "5 s" }\n}');
    expect(problem).toMatchObject({
      file: 'config.json',
      line: 3,
      column: 34,
      key: 'gateway.drainTimeoutMs',
      message: 'is "5 s"; it must be a whole number from 0 to 600000',
    });
  });

  test('all of it at once, the first in the message', () => {
    const wrong = { gateway: { port: 0, host: '' }, logs: { files: 0 } };
    expect(problemsOf(wrong).map(({ key }) => key)).toEqual(['gateway.host', 'gateway.port', 'logs.files']);
    expect(() => resolve(wrong)).toThrow(/^config\.json:1:\d+ gateway\.host .* \(and 2 more\)$/);
  });

  test('a text that is no JSON by its syntax error', () => {
    expect(problemsOf('{ "gateway": { ')[0]).toMatchObject({ file: 'config.json', line: 1 });
  });
});

test.each([{ gateway: [] }, { gateway: 'x' }, { gateway: null }])(
  'a section of another shape (%j) is left to the worker that knows the schema',
  (config) => {
    expect(resolve(config)).toMatchObject({ port: 18_790, sources: { port: 'default' } });
  },
);
