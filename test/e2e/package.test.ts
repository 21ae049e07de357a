/** The npm package: packed once, installed by each package manager, run and upgraded as users do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeRoutes } from '../../daemon/worker/http/openapi/describe-routes.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { says } from '../fakes/openai/reply.js';
import { writeExamples } from '../helpers/api-examples.js';
import { clientExamples, compile, makeProgram, runExamples } from '../helpers/client-examples.js';
import { Load } from '../helpers/load.js';
import { asVersion, type Installer, npmInstaller, pack, type Packed, pnpmInstaller, runTool } from '../helpers/packed.js';
import { createApiCheck } from '../helpers/openapi-check.js';
import { RealGateway, runProcess, until } from '../helpers/real-gateway.js';

const NEXT = '99.0.0';
let directory: string;
let packed: Packed;
let next: string;

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'xopc-package-')));
  packed = await pack(directory);
  next = asVersion(packed, NEXT);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Gone with its test: each holds thousands of files. */
function prefixOf(name: string): string {
  const prefix = mkdtempSync(join(directory, `${name}-`));
  onTestFinished(() => rmSync(prefix, { recursive: true, force: true }));
  return prefix;
}

test('contains the bundles, the page, the launcher, the client, the manual and the licences, and nothing else', () => {
  const manual = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'architecture.md');
  const bundles = ['ai', 'client', 'database', 'fallback', 'late', 'main', 'mcp', 'supervisor', 'tools', 'worker'];
  const expected = [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'package.json',
    'bin/xopc.mjs',
    'dist/build.json',
    'dist/page.json',
    'dist/THIRD-PARTY-NOTICES.txt',
    'dist/xopc.1',
    ...bundles.map((name) => `dist/${name}.cjs`),
    ...['index.cjs', 'index.d.cts', 'index.d.mts', 'index.mjs', 'types.d.ts'].map((name) => `dist/library/${name}`),
    ...manual.map((name) => `docs/${name}`),
  ];
  expect(packed.files).toEqual(expected.toSorted());
});

test('has a page that is made for use, whatever NODE_ENV says', () => {
  expect(process.env['NODE_ENV']).toBe('test');
  const page = JSON.parse(readFileSync(join('dist', 'page.json'), 'utf8')) as Record<string, { type: string; gzip: string }>;
  const scripts = Object.values(page).filter(({ type }) => type.startsWith('text/javascript'));
  expect(scripts.length).toBeGreaterThan(5);
  for (const { gzip } of scripts) expect(gunzipSync(Buffer.from(gzip, 'base64')).toString()).not.toContain('webui/src/');
});

const INSTALLERS: readonly [string, () => Installer][] = [
  ['npm', () => npmInstaller(prefixOf('npm'))],
  ['pnpm 10', () => pnpmInstaller(prefixOf('pnpm-10'), { version: '10.34.9', binDirectory: '.' })],
  ['pnpm 12', () => pnpmInstaller(prefixOf('pnpm-12'), { version: '12.21.0', binDirectory: 'bin' })],
];

test.each(INSTALLERS)('installed by %s it starts, answers, and is upgraded under load without a gap', async (name, makeInstaller) => {
  const installer = makeInstaller();
  await installer.install(packed.path);
  if (name === 'npm') expect(readFileSync(join(installer.command, '../../share/man/man1/xopc.1'), 'utf8')).toContain('.TH');
  const gateway = await RealGateway.start({ command: [installer.command] });
  expect(gateway.process.output().stderr).not.toMatch(/installing|building/);
  const answer = await gateway.xopc('agent', 'hello');
  expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('no language model is configured') as string });
  const before = await gateway.status();

  const post = { path: '/api/sessions', body: '{"channel":"webchat"}' };
  const load = new Load({ port: gateway.port, connectionsPerSecond: 100, keepAliveClients: 4, post });
  await until('load', () => load.succeeded > 100);
  await installer.install(next);
  const restarted = await gateway.xopc('gateway', 'restart');
  expect(restarted).toMatchObject({ code: 0, stdout: expect.stringContaining('supervisor') as string });
  const atRestart = load.succeeded;
  await until('load on the next version', () => load.succeeded > atRestart + 100);
  expect(load.stop().failures).toEqual({});

  const after = await gateway.status();
  expect(after.version).toBe(NEXT);
  expect(after.build.running).toBe(after.build.installed);
  expect(after.pid).not.toBe(before.pid);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
});

test('npm exec runs it without installing', async () => {
  const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
  const command = ['npm', 'exec', '--yes', '--prefer-offline', '--package', packed.path, '--', 'xopc', '--version'] as const;
  expect((await runTool(command, {}, prefixOf('npm-exec'))).trim()).toBe(version);
});

/** A gateway with what the examples of the manual name: a model, an account of a webhook. */
async function startExampleGateway(): Promise<{ env: Record<string, string> }> {
  const model = await startFakeOpenAi({ models: ['example'] });
  onTestFinished(() => model.close());
  model.replyAlways(says('Hello! How can I help?'));
  const gateway = await RealGateway.create();
  const write = (name: string, document: object): void => writeFileSync(join(gateway.xopcHome, name), JSON.stringify(document));
  mkdirSync(gateway.xopcHome, { recursive: true });
  const account = { url: 'http://127.0.0.1:9/', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', inboundToken: 'at-least-16-characters' };
  write('config.json', { channels: { webhook: { accounts: { default: account } } }, agents: { defaults: { model: 'local/example' } } });
  write('models.json', { providers: { local: { baseUrl: model.baseUrl, apiKey: 'sk-example', models: [{ id: 'example' }] } } });
  await gateway.run();
  const token = (await gateway.xopc('gateway', 'token', '--show')).stdout.trim();
  return { env: { XOPC_URL: gateway.url, XOPC_TOKEN: token } };
}

const FROM_COMMONJS = `import xopc = require('xopc/client');
const client: xopc.Client = xopc.createClient();
export const count = async (): Promise<number> => (await client.getApiModels()).models.length;
`;

test('has a client: each example of the manual compiles and runs, and every operation has one', async () => {
  const program = join(directory, 'program');
  makeProgram(program, packed.path);
  const source = clientExamples(readFileSync('docs/client.md', 'utf8'));
  const client = readFileSync(join(program, 'node_modules', 'xopc', 'dist', 'library', 'index.mjs'));
  expect(client.length / 1_024).toBeLessThan(14);
  const { env } = await startExampleGateway();
  expect(await compile(program, { 'examples.mts': source, 'common.cts': FROM_COMMONJS })).toBe('');
  const exchanges = await runExamples(program, source, env);

  const document = describeRoutes('1.2.3');
  const api = createApiCheck(document);
  for (const exchange of exchanges) api.check(exchange, exchange);
  if (process.env['XOPC_EXAMPLES'] === 'write') writeExamples(exchanges, api);
  const named = new Set([...source.matchAll(/xopc\.(?:stream\.)?(\w+)\(/g)].map(([, name]) => name));
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
  expect(operations.filter((name) => !['getWs', 'postMcp'].includes(name) && !named.has(name))).toEqual([]);
  expect(exchanges.filter(({ status }) => status !== 200)).toMatchObject([{ status: 404, path: '/api/sessions/nobody' }]);

  const required = await runProcess([process.execPath, '-p'], ["Object.keys(require('xopc/client')).join()"], { env: {}, cwd: program })
    .done;
  expect(required.stdout).toBe('XopcError,createClient\n');
});
