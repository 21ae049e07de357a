/** The npm package: packed once, installed by each package manager, run and upgraded as users do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Load } from '../helpers/load.js';
import { asVersion, type Installer, npmInstaller, pack, type Packed, pnpmInstaller, runTool } from '../helpers/packed.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

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

function prefixOf(name: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  return path;
}

test('contains the bundles, the page, the launcher, the client, the manual and the licences, and nothing else', () => {
  const manual = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'architecture.md');
  const bundles = ['ai', 'client', 'database', 'fallback', 'late', 'main', 'supervisor', 'telegram', 'tools', 'worker'];
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
    ...['index.cjs', 'index.d.cts', 'index.d.mts', 'index.mjs', 'types.d.ts'].map((name) => `dist/api-client/${name}`),
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

test.each(INSTALLERS)('installed by %s it starts, answers, and is upgraded under load without a gap', async (_name, makeInstaller) => {
  const installer = makeInstaller();
  await installer.install(packed.path);
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
