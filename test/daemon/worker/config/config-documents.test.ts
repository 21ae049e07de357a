import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigDocuments } from '../../../../daemon/worker/config/config-documents.js';
import type { ConfigService } from '../../../../daemon/worker/config/config-documents.js';
import { validateConfig } from '../../../../shared/config/validate.js';
import { GatewayError } from '../../../../shared/errors.js';
import { loadConfigFile } from '../../../../shared/node/config/config-file.js';
import { keepVersion } from '../../../../shared/node/config/config-versions.js';
import { type GatewayPaths, resolvePaths } from '../../../../shared/node/process/paths.js';
import { fakeStatus } from '../../../helpers/fake-status.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const CONFIG = `{
  // the door
  "gateway": {
    "port": 18791, // keep
    "auth": { "api_key": "0123456789abcdef-7890" }
  },
  "agents": { "defaults": { "model": "local/qwen" } },
}
`;
const MODELS = `{
  /* at home */
  "providers": { "local": { "baseUrl": "http://127.0.0.1:1/v1", "apiKey": "sk-aaaaaaaaaaaaaaaa-1234" } }
}
`;

interface Files {
  readonly config: ConfigService;
  readonly paths: GatewayPaths;
  readonly read: (file: 'configPath' | 'modelsPath' | 'undoModelsPath') => string;
}

function makeService(texts: { config?: string; models?: string } = { config: CONFIG, models: MODELS }): Files {
  const home = tempDir();
  const paths = resolvePaths({ home, runtimeDir: home });
  for (const path of [paths.lockPath, paths.databasePath]) mkdirSync(dirname(path), { recursive: true });
  if (texts.config !== undefined) writeFileSync(paths.configPath, texts.config);
  if (texts.models !== undefined) writeFileSync(paths.modelsPath, texts.models);
  const document = loadConfigFile({ path: paths.configPath });
  const inForce = { config: validateConfig(document).value!, revision: document.hash, isTokenOverridden: false };
  const status = { read: () => Promise.resolve({ ...fakeStatus, sources: { port: 'env', host: 'default' } }) };
  return {
    config: new ConfigDocuments({ paths, inForce: () => inForce, status }),
    paths,
    read: (file) => readFileSync(paths[file], 'utf8'),
  };
}

const failure = (work: Promise<unknown>): Promise<GatewayError | undefined> =>
  work.then(
    () => undefined,
    (error: GatewayError) => error,
  );

test('the configuration is shown as written and as in force, without its secrets, and with where each value comes from', async () => {
  const { config, paths } = makeService();
  const view = await config.read();
  expect(view).toMatchObject({ inForce: true, path: paths.configPath, revision: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(view.config).toEqual({
    gateway: { port: 18_791, auth: { api_key: { $secret: true, hint: '…7890' } } },
    agents: { defaults: { model: 'local/qwen' } },
  });
  expect(view.effective).toMatchObject({ gateway: { host: '0.0.0.0', auth: { api_key: { $secret: true } } } });
  expect(view.sources).toMatchObject({
    'gateway.port': 'env',
    'gateway.host': 'default',
    'gateway.auth.api_key': 'file',
    'cron.enabled': 'default',
  });
  expect(JSON.stringify(view)).not.toContain('0123456789');
});

test('a patch changes what it names and nothing else: comments, secrets, mode', async () => {
  const { config, read, paths } = makeService();
  const before = await config.read();
  const after = await config.patch({ ...before.config, gateway: { ...(before.config['gateway'] as object), port: 18_792 } }, {});
  expect(read('configPath')).toBe(CONFIG.replace('18791, // keep', '18792, // keep'));
  expect(after.revision).not.toBe(before.revision);
  expect(await config.read()).toMatchObject({ revision: after.revision, inForce: false });
  expect(statSync(paths.configPath).mode & 0o777).toBe(0o600);
});

test('a mask sent back changes nothing, not even the file', async () => {
  const { config, read, paths } = makeService();
  const inode = statSync(paths.configPath).ino;
  await config.patch((await config.read()).config, {});
  await config.patchModels((await config.readModels()).config, {});
  expect([read('configPath'), read('modelsPath')]).toEqual([CONFIG, MODELS]);
  expect(statSync(paths.configPath).ino).toBe(inode);
  expect(existsSync(paths.undoModelsPath)).toBe(false);
});

test('models.json round-trips its comments and secrets, takes a new secret, and keeps the text before', async () => {
  const { config, read } = makeService();
  const { config: shown } = await config.readModels();
  expect(shown).toEqual({ providers: { local: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: { $secret: true, hint: '…1234' } } } });
  const answer = await config.patchModels(
    { providers: { local: { apiKey: 'sk-bbbbbbbbbbbbbbbb-5678' }, cloud: { baseUrl: 'https://example.com/v1', apiKey: '${CLOUD_KEY}' } } },
    {},
  );
  expect(read('modelsPath')).toContain('/* at home */');
  expect(read('modelsPath')).toContain('sk-bbbbbbbbbbbbbbbb-5678');
  expect(answer.config).toMatchObject({
    providers: { local: { apiKey: { $secret: true, hint: '…5678' } }, cloud: { apiKey: '${CLOUD_KEY}' } },
  });
  expect(read('undoModelsPath')).toBe(MODELS);
});

test.each([
  ['an unknown key', { gateway: { prot: 1 } }, /gateway\.prot is not a known key; did you mean 'port'\?$/],
  ['a wrong type', { gateway: { port: 'x' } }, /gateway\.port is "x"; it must be a whole number/],
  ['a value out of range', { logs: { files: 0 } }, /logs\.files is 0/],
  ['a model of a provider that there is not', { agents: { defaults: { model: 'ghost/x' } } }, /its provider 'ghost'/],
  ['a secret to keep that is not there', { gateway: { auth: { other: { $secret: true, hint: '…' } } } }, /no secret is stored there/],
  ['a forbidden key', JSON.parse('{"gateway": {"__proto__": 1}}') as object, /__proto__/],
])('%s is refused, named, and nothing written', async (_what, patch, message) => {
  const { config, read } = makeService();
  const error = await failure(config.patch(patch as Record<string, unknown>, {}));
  expect(error?.code).toBe('INVALID_REQUEST');
  expect(error?.message).toMatch(message);
  expect(read('configPath')).toBe(CONFIG);
});

test.each([
  ['in a list', { local: { apiKey: ['sk-in-a-list-123456'] } }],
  ['in an object', { local: { apiKey: { key: 'sk-in-a-list-123456' } } }],
  ['in a provider that is a list', { local: [{ apiKey: 'sk-in-a-list-123456' }] }],
  ['among the providers as a list', [{ headers: { a: 'sk-in-a-list-123456' } }]],
])('a secret %s, in an invalid place, is not shown', async (_where, providers) => {
  const { config } = makeService();
  const error = await failure(config.patchModels({ providers }, {}));
  expect([error?.code, JSON.stringify([error?.message, error?.details])]).toEqual([
    'INVALID_REQUEST',
    expect.not.stringContaining('sk-in-a-list'),
  ]);
});

test('a provider that the configuration still names cannot be removed', async () => {
  const { config, read } = makeService();
  const error = await failure(config.patchModels({ providers: { local: null } }, {}));
  expect([error?.code, error?.message]).toEqual(['INVALID_REQUEST', expect.stringContaining("its provider 'local'")]);
  expect(read('modelsPath')).toBe(MODELS);
});

test('a patch for another revision is refused; one for this revision is applied, also when there is no file yet', async () => {
  const { config } = makeService({});
  const { revision } = await config.read();
  const first = await config.patch({ logs: { level: 'debug' } }, { expectedRevision: revision });
  expect((await failure(config.patch({ logs: { level: 'warn' } }, { expectedRevision: revision })))?.code).toBe('PRECONDITION_FAILED');
  await config.patch({ logs: { level: null } }, { expectedRevision: first.revision });
  expect((await config.read()).config).toEqual({ logs: {} });
});

test('of many patches at the same moment none is lost', async () => {
  const { config } = makeService();
  const names = Array.from({ length: 12 }, (_item, index) => `p${index}`);
  await Promise.all(names.map((name) => config.patchModels({ providers: { [name]: { baseUrl: 'http://127.0.0.1:2/v1' } } }, {})));
  expect(Object.keys((await config.readModels()).config['providers'] as object).toSorted()).toEqual(['local', ...names].toSorted());
});

test('a file that cannot be parsed is reported and never overwritten', async () => {
  const { config, read } = makeService({ config: '{ "gateway": ', models: MODELS });
  expect((await failure(config.read()))?.code).toBe('CONFIG_INVALID');
  expect((await failure(config.patch({ logs: {} }, {})))?.code).toBe('CONFIG_INVALID');
  expect(read('configPath')).toBe('{ "gateway": ');
});

test('a patch may mend a file that is invalid', async () => {
  const { config, read } = makeService({ config: '{ "gateway": { "port": 0 } }', models: MODELS });
  expect((await failure(config.patch({ logs: { level: 'warn' } }, {})))?.code).toBe('CONFIG_INVALID');
  await config.patch({ gateway: { port: null } }, {});
  expect(JSON.parse(read('configPath'))).toEqual({ gateway: {} });
});

test('without a file, the version of an empty one is the current one', async () => {
  const { config, paths } = makeService({});
  await keepVersion(paths.configVersionsDir, '{ "logs": {} }', 1);
  await keepVersion(paths.configVersionsDir, '{}\n', 2);
  expect((await config.versions()).map(({ current }) => current)).toEqual([true, false]);
});
