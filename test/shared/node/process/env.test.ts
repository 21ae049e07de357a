import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { childEnvironment, readEnvironment } from '../../../../shared/node/process/env.js';

afterEach(() => vi.unstubAllEnvs());

const environmentWith = (variables: Record<string, string>): ReturnType<typeof readEnvironment> => {
  for (const [name, value] of Object.entries({ XOPC_HOME: '', ...variables })) vi.stubEnv(name, value);
  return readEnvironment();
};

test('an empty HOME is none: the home is the user’s own, not the directory one happens to be in', () => {
  expect(environmentWith({ HOME: '' }).home).toBe(join(userInfo().homedir, '.xopc'));
  expect(environmentWith({ HOME: '/home/you' }).home).toBe('/home/you/.xopc');
  expect(environmentWith({ HOME: '', XOPC_HOME: '/srv/xopc' }).home).toBe('/srv/xopc');
});

test.each([[' '], ['a b'], ['ä'], ['x\ny'], ['x'.repeat(513)]])('%j is no token, so that nobody relies on it', (value) => {
  expect(() => environmentWith({ XOPC_GATEWAY_TOKEN: value })).toThrow('XOPC_GATEWAY_TOKEN contains invalid characters');
});

test('the mask of a token is none', () => {
  expect(() => environmentWith({ XOPC_GATEWAY_TOKEN: '****' })).toThrow('XOPC_GATEWAY_TOKEN is the mask of a token, not the token');
});

test('a token is taken as it is, an empty one as none', () => {
  expect(environmentWith({ XOPC_GATEWAY_TOKEN: 'abc~123' }).token).toBe('abc~123');
  expect(environmentWith({ XOPC_GATEWAY_TOKEN: '' }).token).toBeUndefined();
});

test('a child finds the home, the configuration and the certificates of its parent from another working directory', () => {
  vi.stubEnv('XOPC_HOME', './data');
  vi.stubEnv('XOPC_CONFIG', 'other.json');
  expect(childEnvironment({})).toMatchObject({ XOPC_HOME: resolve('data'), XOPC_CONFIG: resolve('other.json') });
  vi.stubEnv('NODE_EXTRA_CA_CERTS', 'certs/corp.pem');
  vi.stubEnv('SSL_CERT_FILE', 'all.pem');
  vi.stubEnv('SSL_CERT_DIR', 'certs');
  expect(childEnvironment({})).toMatchObject({
    NODE_EXTRA_CA_CERTS: resolve('certs/corp.pem'),
    SSL_CERT_FILE: resolve('all.pem'),
    SSL_CERT_DIR: resolve('certs'),
  });
  vi.stubEnv('XOPC_CONFIG', '');
  expect(childEnvironment({}).XOPC_CONFIG).toBe('');
});

test('a child has few memory pools, unless the owner has set their number', () => {
  vi.stubEnv('MALLOC_ARENA_MAX', undefined);
  expect(childEnvironment({})).toMatchObject({ MALLOC_ARENA_MAX: '2' });
  vi.stubEnv('MALLOC_ARENA_MAX', '4');
  expect(childEnvironment({})).toMatchObject({ MALLOC_ARENA_MAX: '4' });
});
