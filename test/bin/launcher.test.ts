import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { edit, makeMiniClone, type MiniClone, start } from '../helpers/mini-clone.js';

type Packages = Record<string, { optional?: boolean } | undefined>;

const clones: MiniClone[] = [];
/** A package that npm installs on no machine on which these tests run. */
const FOREIGN = 'node_modules/@esbuild/aix-ppc64';
const isRequired = ([, entry]: [string, { optional?: boolean } | undefined]): boolean => entry?.optional !== true;

function miniClone(isInstalled = true): MiniClone {
  const clone = makeMiniClone({ isInstalled });
  clones.push(clone);
  return clone;
}

afterEach(() => {
  for (const clone of clones.splice(0)) clone.remove();
});

/** Puts a time into the future of the stamp, which a file system with coarse times would not tell apart. */
function touchLater(path: string): void {
  const later = new Date(Date.now() + 2_000);
  utimesSync(path, later, later);
}

describe.skipIf(process.platform === 'win32')('bin/xopc', () => {
  test('a fresh clone is made ready once by two first commands at once, from any directory, through symlinks', async () => {
    const clone = miniClone(false);
    const links = clone.at('links');
    mkdirSync(join(links, 'deeper'), { recursive: true });
    symlinkSync('../../bin/xopc', join(links, 'deeper', 'relative'));
    symlinkSync(join('deeper', 'relative'), join(links, 'xopc'));
    const env = { ...clone.env, NODE_ENV: 'production', PATH: `${links}:${clone.env['PATH']}` };
    writeFileSync(join(clone.npm, 'hold'), '');

    const first = start('/bin/sh', ['-c', 'exec xopc one'], { cwd: '/', env });
    await first.seen('npm ci');
    const second = start(join(links, 'xopc'), ['two', '--flag', 'with space'], { cwd: links, env });
    await second.seen('waiting for it');
    rmSync(join(clone.npm, 'hold'));

    const [one, two] = await Promise.all([first.done, second.done]);
    expect([one.code, two.code]).toEqual([3, 3]);
    expect(one.stdout).toMatch(/^first words \["one"\] mask 77 .*\n$/);
    expect(two.stdout).toContain('["two","--flag","with space"]');
    expect(clone.npmRuns().map(({ args }) => args)).toEqual([
      expect.stringContaining('ci --include=dev --include=optional --ignore-scripts'),
    ]);
    expect(one.stderr).toMatch(/packages installed in [\d.]+ s\n.*building/);
  });

  test('a clone that is set up starts without output or writes', async () => {
    const clone = miniClone();
    await clone.run();
    const before = statSync(clone.at('dist', 'ready.sh')).mtimeMs;
    const result = await clone.run('again');
    expect(result).toMatchObject({ code: 3, stderr: '' });
    expect(result.stdout).toContain('--inspect-port=192.0.2.1:9229');
    expect(statSync(clone.at('dist', 'ready.sh')).mtimeMs).toBe(before);
    expect(clone.npmRuns()).toEqual([]);
  });

  test('a clone in a linked directory is set up, and built after a change', async () => {
    const clone = miniClone();
    const link = join(clone.npm, 'link');
    symlinkSync(clone.root, link);
    const run = (): Promise<{ code: number | null; stdout: string }> => start(join(link, 'bin', 'xopc'), [], { env: clone.env }).done;
    expect(await run()).toMatchObject({ code: 3, stdout: expect.stringContaining('first words') as string });
    edit(clone.at('client', 'words.ts'), 'first', 'second');
    touchLater(clone.at('client', 'words.ts'));
    expect((await run()).stdout).toContain('second words');
  });

  test('the program learns how it was called', async () => {
    const clone = miniClone();
    writeFileSync(clone.at('client', 'main.ts'), 'export const main = async () => console.log(process.env.XOPC_CALLED_AS);\n');
    expect((await start('bin/xopc', [], { cwd: clone.root, env: clone.env }).done).stdout).toBe('bin/xopc\n');
  });

  test('a changed, an added and a removed source are each built on the next command', async () => {
    const clone = miniClone();
    await clone.run();
    const words = clone.at('client', 'words.ts');
    edit(words, 'first', 'second');
    touchLater(words);
    expect((await clone.run()).stdout).toContain('second words');

    writeFileSync(clone.at('client', 'other.ts'), "export const words = 'other words';\n");
    edit(clone.at('client', 'main.ts'), './words.js', './other.js');
    touchLater(clone.at('client'));
    expect((await clone.run()).stdout).toContain('other words');

    rmSync(words);
    touchLater(clone.at('client'));
    expect(await clone.run()).toMatchObject({ code: 3, stderr: expect.stringContaining('building') as string });
    expect(await clone.run()).toMatchObject({ code: 3, stderr: '' });
  });

  test('changed sources with an old mtime are built by `gateway restart`, `gateway install` and `doctor`, not by a start', async () => {
    const clone = miniClone();
    await clone.run();
    const words = clone.at('client', 'words.ts');
    const { mtime } = statSync(words);
    const change = (from: string, to: string): void => {
      edit(words, from, to);
      utimesSync(words, mtime, mtime);
    };
    const runTwin = (...args: string[]): ReturnType<MiniClone['run']> =>
      start(process.execPath, [clone.at('bin', 'xopc.mjs'), ...args], { env: clone.env }).done;
    const old = { stdout: expect.stringContaining('first words') as string, stderr: '' };
    change('first', 'second');
    for (const args of [
      ['agent', 'restart the doctor and', 'install', 'it'],
      ['gateway', 'start'],
    ])
      for (const run of [clone.run, runTwin]) expect(await run(...args)).toMatchObject(old);
    expect((await clone.run('--config', '/c.json', 'gateway', 'restart', '--force')).stdout).toContain('second words');
    expect(await clone.run('gateway', 'restart')).toMatchObject({ code: 3, stderr: '' });
    change('second', 'third');
    expect((await runTwin('gateway', 'install', '--port', '1')).stdout).toContain('third words');
    change('third', 'fourth');
    expect((await clone.run('doctor')).stdout).toContain('fourth words');
    change('fourth', 'fifth');
    expect((await runTwin('doctor')).stdout).toContain('fifth words');
    change('fifth', 'sixth');
    expect((await clone.run('--config', '/c.json', 'doctor')).stdout).toContain('sixth words');
    change('sixth', 'seventh');
    expect((await runTwin('--config=/a b.json', 'doctor', '--fix')).stdout).toContain('seventh words');
  });

  test('completion in the shell uses the existing build, without a check of the sources; the next command builds', async () => {
    const clone = miniClone();
    await clone.run();
    edit(clone.at('client', 'words.ts'), 'first', 'second');
    touchLater(clone.at('client', 'words.ts'));
    const completed = [
      await clone.run('@complete', '--', 'sessions show', ''),
      await start(process.execPath, [clone.at('bin', 'xopc.mjs'), '@complete', '--', 'sessions show', ''], { env: clone.env }).done,
    ];
    for (const result of completed)
      expect(result).toMatchObject({ code: 3, stdout: expect.stringContaining('first words') as string, stderr: '' });
    expect((await clone.run()).stdout).toContain('second words');
  });

  test('a source with a new mtime but the same content is not rebuilt, nor is one with a future mtime rebuilt forever', async () => {
    const clone = miniClone();
    await clone.run();
    const future = new Date(Date.now() + 3_600_000);
    utimesSync(clone.at('client', 'words.ts'), future, future);
    expect(await clone.run()).toMatchObject({ code: 3, stderr: '' });
    expect(statSync(clone.at('dist', 'ready.sh')).mtimeMs).toBeGreaterThanOrEqual(future.getTime());
  });

  test('if the sources fail to build, the existing build is used and the reason printed', async () => {
    const clone = miniClone();
    await clone.run();
    edit(clone.at('client', 'words.ts'), 'export', 'export }');
    touchLater(clone.at('client', 'words.ts'));
    const result = await clone.run();
    expect(result).toMatchObject({ code: 3, stdout: expect.stringContaining('first words') as string });
    expect(result.stderr).toMatch(/the build failed:[\s\S]*words\.ts[\s\S]*using the existing build/);
  });

  test('a first build that fails says why and ends with 1', async () => {
    const clone = miniClone();
    edit(clone.at('client', 'words.ts'), 'export', 'export }');
    const result = await clone.run();
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(/the build failed:[\s\S]*words\.ts/);
    expect(readdirSync(clone.at('dist'))).toEqual([]);
  });

  test.each([
    ['of another machine', (installed: Packages, wanted: Packages) => ({ ...installed, [FOREIGN]: wanted[FOREIGN] })],
    ['without the optional ones', (installed: Packages) => Object.fromEntries(Object.entries(installed).filter(isRequired))],
  ])('packages %s are replaced, and so is the build made with them', async (_name, change) => {
    const clone = miniClone();
    await clone.run();
    const read = (...path: string[]): Packages => (JSON.parse(readFileSync(clone.at(...path), 'utf8')) as { packages: Packages }).packages;
    const packages = change(read('node_modules', '.package-lock.json'), read('package-lock.json'));
    rmSync(clone.at('node_modules'));
    mkdirSync(clone.at('node_modules'));
    writeFileSync(clone.at('node_modules', '.package-lock.json'), JSON.stringify({ packages }));
    touchLater(clone.at('client', 'words.ts'));
    expect((await clone.run()).stderr).toMatch(/installing packages[\s\S]*building/);
    expect(clone.npmRuns()).toHaveLength(1);
  });

  test('without npm, without Node and with an old Node the message says what is missing', async () => {
    const clone = miniClone(false);
    const tools = clone.at('tools');
    mkdirSync(tools);
    const runWith = (): Promise<{ code: number | null; stderr: string }> =>
      start(clone.at('bin', 'xopc'), [], { env: { ...clone.env, PATH: tools } }).done;

    expect(await runWith()).toMatchObject({ code: 1, stderr: expect.stringContaining('Node.js is not installed') as string });

    writeFileSync(join(tools, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v18.20.1\nexit 1\n', { mode: 0o755 });
    const old = await runWith();
    expect(old).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Node.js v18.20.1 is too old; 20.19 or newer is needed') as string,
    });

    rmSync(join(tools, 'node'));
    symlinkSync(process.execPath, join(tools, 'node'));
    expect(await runWith()).toMatchObject({ code: 1, stderr: expect.stringContaining('npm is not installed') as string });
  });

  test('with an old Node, `gateway restart` of a clone that is set up prints only that Node is too old', async () => {
    const clone = miniClone();
    await clone.run();
    const script = '#!/bin/sh\ncase $1 in --version) echo v12.22.9 ;; *.mjs) echo SyntaxError >&2 ;; esac\nexit 1\n';
    writeFileSync(join(clone.npm, 'node'), script, { mode: 0o755 });
    const { code, stderr } = await clone.run('gateway', 'restart');
    expect(stderr).toMatch(/^xopc: Node\.js v12\.22\.9 is too old.*\n$/);
    expect(code).toBe(1);
  });

  test('a clone that was moved works where it is now', async () => {
    const clone = miniClone();
    await clone.run();
    const moved = `${clone.root}-moved dir`;
    renameSync(clone.root, moved);
    const result = await start(join(moved, 'bin', 'xopc'), ['here'], { env: clone.env }).done;
    renameSync(moved, clone.root);
    expect(result).toMatchObject({ code: 3, stderr: '' });
  });
});

describe('bin/xopc.mjs', () => {
  test('the Node twin makes a clone ready too and gives its flag to children', async () => {
    const clone = miniClone();
    const twin = (): Promise<{ code: number | null; stdout: string; stderr: string }> =>
      start(process.execPath, [clone.at('bin', 'xopc.mjs'), 'a', 'b'], { env: clone.env }).done;
    const first = await twin();
    expect(first).toMatchObject({ code: 3, stdout: expect.stringContaining('["a","b"]') as string });
    const second = await twin();
    expect(second).toMatchObject({ code: 3, stderr: '' });
    expect(second.stdout).toContain('--inspect-port=192.0.2.1:9229');
  });
});
