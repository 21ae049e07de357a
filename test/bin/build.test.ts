import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, watch, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheKey, cachedDataPath, compileBundle } from '../../shared/node/build/bundle.js';
import { edit, makeMiniClone, type MiniClone, type RunResult, start } from '../helpers/mini-clone.js';

let clone: MiniClone;

const build = (): Promise<RunResult> => start(process.execPath, [clone.at('bin', 'build.mjs')], { env: clone.env }).done;
const bundle = (name: string): string => readFileSync(clone.at('dist', `${name}.cjs`), 'utf8');
const cacheDirectory = (): string => clone.at('dist', 'cache', cacheKey());
const buildInfo = (): { version: string; buildId: string } =>
  JSON.parse(readFileSync(clone.at('dist', 'build.json'), 'utf8')) as ReturnType<typeof buildInfo>;

beforeAll(async () => {
  clone = makeMiniClone({ isInstalled: true });
  expect(await build()).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => clone.remove());

test('a build is of one bundle per role, made from the same sources into the same bytes', async () => {
  const before = buildInfo();
  expect(readdirSync(clone.at('dist')).toSorted()).toEqual(
    [
      'build.json',
      'cache',
      'client.cjs',
      'fallback.cjs',
      'libsql.node',
      'main.cjs',
      'ready.sh',
      'supervisor.cjs',
      'THIRD-PARTY-NOTICES.txt',
      'worker.cjs',
      'xopc.1',
    ].toSorted(),
  );
  await build();
  expect(buildInfo()).toEqual(before);
  expect(before.buildId).toMatch(/^[0-9a-f]{16}$/);
});

test.each(['client', 'supervisor', 'worker', 'fallback'])('this Node accepts the cached data of the %s bundle', (name) => {
  const source = bundle(name);
  const data = readFileSync(cachedDataPath(cacheDirectory(), name, source));
  expect(compileBundle(source, clone.at('dist', `${name}.cjs`), data).cachedDataRejected).toBe(false);
});

test("the launcher's flags do not make V8 reject cached data", async () => {
  const source = bundle('client');
  const program = `const { Script } = require('vm'), { readFileSync } = require('fs');
    const script = new Script(readFileSync(process.argv[1], 'utf8'), { filename: process.argv[1], cachedData: readFileSync(process.argv[2]) });
    process.stdout.write(String(script.cachedDataRejected));`;
  const args = [
    '--inspect-port=192.0.2.1:9229',
    '-e',
    program,
    clone.at('dist', 'client.cjs'),
    cachedDataPath(cacheDirectory(), 'client', source),
  ];
  expect(await start(process.execPath, args, { env: clone.env }).done).toMatchObject({ stdout: 'false' });
});

test('cached data of another build with a source of the same length is never used', async () => {
  const older = bundle('client');
  edit(clone.at('client', 'words.ts'), 'first', 'third');
  await build();
  expect(bundle('client')).toHaveLength(older.length);
  expect(cachedDataPath('', 'client', bundle('client'))).not.toBe(cachedDataPath('', 'client', older));
  expect((await clone.runEntry()).stdout).toContain('third words');
  expect(readdirSync(cacheDirectory()).filter((name) => name.startsWith('client-'))).toHaveLength(1);
});

test('a program that reads the bundles during builds never sees a partial one', async () => {
  const reads = new Set<string>();
  let isBuilding = true;
  const reader = (async () => {
    while (isBuilding) {
      for (const name of ['main', 'worker', 'client']) {
        const source = bundle(name);
        reads.add(`${name} ${source.slice(0, 19)}`);
        expect(() => new Script(`(function () {${source}\n})`)).not.toThrow();
      }
      await new Promise(setImmediate);
    }
  })();
  for (const words of ['one', 'two']) {
    writeFileSync(clone.at('client', 'words.ts'), `export const words = '${words}';\n`);
    await build();
  }
  isBuilding = false;
  await reader;
  expect([...reads].filter((read) => read.startsWith('client'))).toHaveLength(3);
});

test('build.json changes after every bundle of the new build is in place', async () => {
  const before = buildInfo();
  let sourceAtChange = '';
  const changed = new Promise<void>((resolve) => {
    const watcher = watch(clone.at('dist'), (_event, name) => {
      if (name !== 'build.json' || buildInfo().buildId === before.buildId) return;
      sourceAtChange = bundle('client');
      watcher.close();
      resolve();
    });
  });
  writeFileSync(clone.at('client', 'words.ts'), "export const words = 'last in place';\n");
  await Promise.all([build(), changed]);
  expect(sourceAtChange).toContain('last in place');
});

test('under a Node for which there is no cached data the first command has it written, once, complete', async () => {
  rmSync(clone.at('dist', 'cache'), { recursive: true });
  const results = await Promise.all([clone.runEntry(), clone.runEntry(), clone.runEntry()]);
  expect(results.map(({ code }) => code)).toEqual([3, 3, 3]);
  await expect.poll(() => existsSync(cacheDirectory()), { timeout: 10_000 }).toBe(true);
  const names = ['client', 'fallback', 'supervisor', 'worker'];
  expect(
    readdirSync(cacheDirectory())
      .map((file) => file.split('-')[0])
      .toSorted(),
  ).toEqual(names);
  await expect.poll(() => readdirSync(clone.at('dist', 'cache')), { timeout: 10_000 }).toEqual([cacheKey()]);
  expect(statSync(cacheDirectory()).mode & 0o777).toBe(0o755);
});

test('a damaged or unreadable cached data file is ignored', async () => {
  const path = cachedDataPath(cacheDirectory(), 'client', bundle('client'));
  writeFileSync(path, 'not V8 data');
  expect(await clone.runEntry()).toMatchObject({ code: 3, stderr: '' });
  rmSync(path);
  mkdirSync(path);
  expect(await clone.runEntry()).toMatchObject({ code: 3, stderr: '' });
  rmSync(path, { recursive: true });
});

test('a bundle that cannot be loaded fails the build, and the one before stays in use', async () => {
  const words = readFileSync(clone.at('client', 'words.ts'), 'utf8');
  const before = buildInfo();
  writeFileSync(clone.at('client', 'words.ts'), "export const words: string = (() => { throw new Error('fails at load'); })();\n");
  const failed = await build();
  writeFileSync(clone.at('client', 'words.ts'), words);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('fails at load') as string });
  expect(buildInfo()).toEqual(before);
  expect((await clone.runEntry()).code).toBe(3);
});

test('a failed warm-up does not fail the build', async () => {
  const main = readFileSync(clone.at('client', 'main.ts'), 'utf8');
  writeFileSync(clone.at('client', 'main.ts'), `${main}\nexport const warmUp = (): Promise<void> => Promise.reject(new Error('cold'));\n`);
  const built = await build();
  writeFileSync(clone.at('client', 'main.ts'), main);
  expect(built).toMatchObject({ code: 0, stderr: expect.stringContaining('client.cjs could not be warmed up: Error: cold') as string });
  expect((await build()).stderr).toBe('');
});

test('the replaced parts of dependencies work: database driver, validation messages', async () => {
  const result = await clone.runEntry('@worker', 'x');
  expect(result).toMatchObject({ code: 0, stderr: '', stdout: 'worker ["x"] 1 Invalid input: expected number, received string\n' });
});

test('the build has its own copy of the native driver, and runs while node_modules is being replaced', async () => {
  renameSync(clone.at('node_modules'), clone.at('node_modules.gone'));
  const result = await clone.runEntry('@worker');
  renameSync(clone.at('node_modules.gone'), clone.at('node_modules'));
  expect(result).toMatchObject({ code: 0, stderr: '' });
});

test('an edit made during the build is picked up by the next command', async () => {
  const running = start(process.execPath, [clone.at('bin', 'build.mjs')], { env: clone.env });
  await running.done;
  const stampedAt = statSync(clone.at('dist', 'ready.sh')).mtimeMs;
  const bundledAt = statSync(clone.at('dist', 'client.cjs')).mtimeMs;
  expect(stampedAt).toBeLessThan(bundledAt);
  const between = new Date((stampedAt + bundledAt) / 2);
  writeFileSync(clone.at('client', 'words.ts'), "export const words = 'edited while building';\n");
  utimesSync(clone.at('client', 'words.ts'), between, between);
  expect((await clone.run()).stdout).toContain('edited while building');
});

test('the entry and the launcher of a package parse on a Node that is too old, and the entry says so', async () => {
  const fake = clone.at('old-node.cjs');
  writeFileSync(fake, "Object.defineProperty(process.versions, 'node', { value: '18.20.1' });");
  const result = await start(process.execPath, ['--require', fake, clone.at('dist', 'main.cjs'), 'status'], { env: clone.env }).done;
  expect(result).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('Node.js 18.20.1 is too old; 20.19 or newer') as string,
  });
  const { transformSync } = createRequire(join(clone.root, 'package.json'))('esbuild') as typeof import('esbuild');
  const codeFor = (source: string, target: string): string => transformSync(source, { target }).code.replaceAll(/\s/g, '');
  // Of Debian 11 and Ubuntu 22.04.
  for (const source of [bundle('main'), readFileSync(clone.at('bin', 'xopc.mjs'), 'utf8')])
    expect(codeFor(source, 'node12.22')).toBe(codeFor(source, 'esnext'));
});
