import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkConfig, checkExposure, checkModels } from '../../../client/doctor/check-config.js';
import { validateConfig } from '../../../shared/config/validate.js';
import type { Config } from '../../../shared/config/schema.js';
import { parseConfigText } from '../../../shared/node/config/config-text.js';
import { testPaths } from '../../helpers/lock-file.js';

test.each([
  { what: 'no file', text: undefined, level: 'ok', says: 'defaults apply' },
  { what: 'a good file', text: '{ "gateway": { "port": 1234 } }', level: 'ok', says: 'is valid' },
  { what: 'a bad value', text: '{\n  "gateway": { "port": "x" } }', level: 'fail', says: 'config.json:2:24 gateway.port' },
  { what: 'no JSON', text: '{ "gateway": ', level: 'fail', says: 'config.json:1' },
  {
    what: 'a variable that is not set',
    text: '{ "gateway": { "auth": { "api_key": "${NO_SUCH_VARIABLE_HERE}" } } }',
    level: 'warn',
    says: 'NO_SUCH_VARIABLE_HERE',
    fix: 'Set the variable where the gateway is started; this shell does not have it',
  },
  {
    what: 'a server that is not configured',
    text: '{ "agents": { "defaults": { "mcpServers": ["gone"] } } }',
    level: 'warn',
    says: "'gone' is not in mcp.servers",
    fix: 'Correct it, then: xopc config validate',
  },
])('a configuration with $what', ({ text, level, says, fix }) => {
  const paths = testPaths();
  if (text !== undefined) writeFileSync(paths.configPath, text);
  const { finding, value } = checkConfig(paths);
  expect(finding).toMatchObject({ id: 'config', level, message: expect.stringContaining(says) as string, ...(fix && { fix }) });
  expect(value === undefined).toBe(level === 'fail');
});

test('a model without a provider, which would prevent the start, is a problem of a configuration that can be read', () => {
  const paths = testPaths();
  writeFileSync(paths.configPath, '{ "gateway": { "port": 1234 }, "agents": { "defaults": { "model": "acme/large" } } }');
  const { finding, value } = checkConfig(paths);
  expect(finding).toMatchObject({ level: 'fail', message: expect.stringContaining("is 'acme/large', but its provider 'acme'") as string });
  expect(value?.gateway.port).toBe(1234);
  writeFileSync(paths.modelsPath, '{ "providers": { "acme": { "baseUrl": "http://127.0.0.1:8000/v1" } } }');
  expect(checkConfig(paths).finding.level).toBe('ok');
});

test('files that cannot be read at all are named with what to do', () => {
  const paths = testPaths();
  mkdirSync(paths.configPath);
  writeFileSync(paths.modelsPath, '{ "mode": "sometimes" }');
  expect(checkConfig(paths)).toMatchObject({
    value: undefined,
    finding: {
      level: 'fail',
      message: expect.stringContaining('is a directory') as string,
      fix: expect.stringContaining('Move it away') as string,
    },
  });
  expect(checkModels(paths)).toMatchObject({
    id: 'models',
    level: 'fail',
    message: expect.stringContaining('models.json:1') as string,
  });
});

function exposure(gateway: object): ReturnType<typeof checkExposure> {
  const { value } = validateConfig(parseConfigText(JSON.stringify({ gateway }), 'config.json'));
  return checkExposure(value as Config, (value as Config).gateway.host);
}

test.each([
  { gateway: {}, level: 'ok', says: 'other machines can reach it on 0.0.0.0 and need the token, this machine does not' },
  { gateway: { auth: { enabled: true } }, level: 'ok', says: 'this machine too' },
  { gateway: { host: '127.0.0.1' }, level: 'ok', says: 'only this machine' },
  { gateway: { host: '::1', auth: { api_key: 'short' } }, level: 'ok', says: 'only this machine' },
  { gateway: { auth: { api_key: 'short' } }, level: 'fail', says: 'has only 5 characters' },
  { gateway: { trustedProxies: ['10.0.0.1', '0.0.0.0/0'] }, level: 'fail', says: 'gateway.trustedProxies contains 0.0.0.0/0' },
  { gateway: { cors: { enabled: true, credentials: true, origins: ['http://page.example'] } }, level: 'warn', says: 'over plain HTTP' },
  {
    gateway: { host: '127.0.0.1', auth: { enabled: false }, cors: { enabled: true, origins: ['*'] } },
    level: 'warn',
    says: 'any web page',
  },
  { gateway: { host: '127.0.0.1', cors: { enabled: true, origins: ['*'] } }, level: 'ok', says: 'only this machine' },
])('exposure of $gateway', ({ gateway, level, says }) => {
  const finding = exposure(gateway);
  expect(finding).toMatchObject({ id: 'exposure', level, message: expect.stringContaining(says) as string });
  expect(finding.message).not.toContain('short');
});
