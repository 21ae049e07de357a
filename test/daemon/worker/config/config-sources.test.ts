import { expect, test } from 'vitest';
import { resolveSettings } from '../../../../daemon/supervisor/config/settings.js';
import { pinsOf, sourcesOf } from '../../../../daemon/worker/config/config-sources.js';
import { validateConfig } from '../../../../shared/config/validate.js';
import type { GatewayEnvironment } from '../../../../shared/node/process/env.js';
import { parseConfigText } from '../../../../shared/node/config/config-text.js';

const document = parseConfigText('{ "gateway": { "port": 8080 }, "logs": { "level": "warn" } }', 'config.json');
const config = validateConfig(document).value!;

test('each value comes from the file or is the default; the supervisor knows better about its own keys', () => {
  expect(sourcesOf(document, config)).toMatchObject({ 'gateway.port': 'file', 'gateway.host': 'default', 'logs.level': 'file' });
  expect(sourcesOf(document, config, { port: 'flag', level: 'env', other: 'env' })).toMatchObject({
    'gateway.port': 'flag',
    'logs.level': 'env',
  });
});

test('a value of a variable or an option is pinned by its name', () => {
  expect(pinsOf({ 'gateway.port': 'flag', 'gateway.host': 'env', 'logs.level': 'file', 'cron.enabled': 'env' })).toEqual({
    'gateway.port': '--port',
    'gateway.host': 'XOPC_HOST',
  });
});

test.each(['flag', 'env'])('each value that the supervisor takes from a %s is pinned', (source) => {
  const given = { host: '0.0.0.0', port: 9000, logLevel: 'debug' } as const;
  const [flags, environment] = source === 'flag' ? [given, {}] : [{}, given];
  const settings = resolveSettings({ document, flags, environment: environment as GatewayEnvironment });
  const sources = sourcesOf(document, config, settings.sources);
  const overridden = Object.keys(sources).filter((key) => sources[key] === source);
  expect(overridden.length).toBeGreaterThan(1);
  expect(Object.keys(pinsOf(sources)).toSorted()).toEqual(overridden.toSorted());
});
