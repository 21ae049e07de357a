/** The launcher script is run for real, with programs of the test's own in the place of Node. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { posixLauncher } from '../../../../client/service/launcher/posix-launcher.js';
import { shellQuote } from '../../../../shared/text/shell-word.js';
import { compareChecksum } from '../../../../client/service/files/checksum.js';
import type { ServiceProgram } from '../../../../client/service/plan/service-plan.js';
import { makeServicePlan } from '../../../helpers/service-plan.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** A Node of a given version, which prints with what it was started and ends with `exitCode`. */
function makeNode(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\necho "${version} $*"\necho "env=$OWN_SETTING"\necho "path=$PATH"\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

function makePackage(directory: string): string {
  mkdirSync(join(directory, 'dist'), { recursive: true });
  writeFileSync(join(directory, 'dist', 'main.cjs'), '');
  return directory;
}

class Launch {
  readonly root = tempDir();
  readonly home = join(this.root, "it's a $HOME");
  readonly #script = join(this.home, 'service', 'launch');

  install(program: ServiceProgram, marker: 'systemd' | 'launchd' = 'systemd'): void {
    mkdirSync(dirname(this.#script), { recursive: true });
    const plan = makeServicePlan({ marker, home: this.home, launcherPath: this.#script, program, port: 81 });
    writeFileSync(this.#script, posixLauncher(plan));
  }

  at(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  /** With a PATH on which the test's own `sleep` and `date` come first and no other Node is found. */
  run(args: readonly string[] = [], env: Record<string, string> = {}): { code: number | null; stdout: string; stderr: string } {
    const path = `${this.at('tools')}:/usr/bin:/bin`;
    const own = { HOME: this.root, XOPC_HOME: this.home, PATH: path, ...env };
    const { status, stdout, stderr } = spawnSync('/bin/sh', [this.#script, ...args], { env: own, encoding: 'utf8' });
    return { code: status, stdout, stderr };
  }

  tool(name: string, script: string): void {
    mkdirSync(this.at('tools'), { recursive: true });
    writeFileSync(this.at('tools', name), `#!/bin/sh\n${script}\n`);
    chmodSync(this.at('tools', name), 0o755);
  }
}

describe.skipIf(process.platform === 'win32')('the launcher', () => {
  test('has a checksum, and starts the gateway with the Node and the package of the installation', () => {
    const launch = new Launch();
    const node = makeNode(launch.at('my node'), 'v22.1.0');
    const path = makePackage(launch.at("it's here"));
    launch.install({ runtime: 'node', path, nodePath: node });
    expect(compareChecksum(readFileSync(join(launch.home, 'service', 'launch'), 'utf8'))).toBe('unchanged');
    const { code, stdout } = launch.run(['--port', '1', 'with space']);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(`v22.1.0 --inspect-port=192.0.2.1:9229 ${path}/dist/main.cjs gateway --port 1 with space`);
  });

  test.each([
    { where: 'is not', env: () => ({}), expected: (bin: string) => new RegExp(`^path=${bin}:.*/tools:/usr/bin:/bin$`, 'm') },
    {
      where: 'is',
      env: (bin: string) => ({ PATH: `/usr/bin:/bin:${bin}` }),
      expected: (bin: string) => new RegExp(`^path=/usr/bin:/bin:${bin}$`, 'm'),
    },
  ])('finds npx and the like beside the Node that it found, where their directory $where in PATH', ({ env, expected }) => {
    const launch = new Launch();
    const bin = launch.at('my node', 'bin');
    launch.install({ runtime: 'node', path: makePackage(launch.at('package')), nodePath: makeNode(join(bin, 'node'), 'v22.1.0') });
    expect(launch.run([], env(bin)).stdout).toMatch(expected(bin));
  });

  test('finds the package beside another Node when the version that it was installed with is gone', () => {
    const launch = new Launch();
    const node = makeNode(launch.at('prefix', 'bin', 'node'), 'v20.19.0');
    const path = makePackage(launch.at('prefix', 'lib', 'node_modules', 'xopc'));
    launch.install({ runtime: 'node', path: launch.at('gone'), nodePath: node });
    expect(launch.run().stdout).toContain(`${path}/dist/main.cjs gateway`);
  });

  test('finds the package by the command in PATH, through its links', () => {
    const launch = new Launch();
    const node = makeNode(launch.at('node'), 'v20.19.0');
    const path = makePackage(launch.at('moved'));
    launch.install({ runtime: 'node', path: launch.at('gone'), nodePath: node });
    mkdirSync(join(path, 'bin'));
    launch.tool('placeholder', 'exit 0');
    writeFileSync(join(path, 'bin', 'xopc'), '#!/bin/sh\n');
    chmodSync(join(path, 'bin', 'xopc'), 0o755);
    spawnSync('ln', ['-s', '../moved/bin/xopc', launch.at('tools', 'xopc')]);
    expect(launch.run().stdout).toContain('/moved/dist/main.cjs gateway');
  });

  test.each([
    { marker: 'systemd', code: 78 },
    { marker: 'launchd', code: 0 },
  ] as const)('gives up permanently under $marker, with the reason and what to do, when the package is missing', ({ marker, code }) => {
    const launch = new Launch();
    launch.install({ runtime: 'node', path: launch.at('gone'), nodePath: makeNode(launch.at('node'), 'v20.19.0') }, marker);
    const result = launch.run();
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(`the package was not found at ${launch.at('gone')}, nor`);
    expect(result.stderr).toContain(`Install the service again: XOPC_HOME=${shellQuote(launch.home)} xopc gateway install --port 81\n`);
  });

  test('passes over a Node that is too old, and takes the newest of a version manager', () => {
    const launch = new Launch();
    const path = makePackage(launch.at('package'));
    for (const version of ['v9.11.2', 'v20.18.9', 'v22.2.0', 'v22.11.0'])
      makeNode(launch.at('.nvm', 'versions', 'node', version, 'bin', 'node'), version);
    launch.install({ runtime: 'node', path, nodePath: makeNode(launch.at('old'), 'v20.18.0') });
    // The machine may have a Node of its own, which is nearer.
    const script = readFileSync(join(launch.home, 'service', 'launch'), 'utf8').replace(
      / \/usr\/bin\/node .*; do/,
      ' "$(command -v no-node)"; do',
    );
    writeFileSync(join(launch.home, 'service', 'launch'), script);
    expect(launch.run().stdout).toContain('v22.11.0 --inspect-port');
  });

  test('takes service.env literally, and ignores what is no variable in it', () => {
    const launch = new Launch();
    launch.install({ runtime: 'node', path: makePackage(launch.at('package')), nodePath: makeNode(launch.at('node'), 'v20.19.0') });
    const lines = ['# comment', 'export BAD', '1X=y', 'a b=c', 'OWN_SETTING=`id` $(id) "x" = \'y\'', ''];
    writeFileSync(join(launch.home, 'service.env'), lines.join('\n'));
    const { stdout, stderr } = launch.run();
    expect(stdout).toContain('env=`id` $(id) "x" = \'y\'');
    expect(stderr).toBe('');
  });

  test('waits longer and longer when one start follows another at once, and not after a pause', () => {
    const launch = new Launch();
    launch.install({ runtime: 'node', path: makePackage(launch.at('package')), nodePath: makeNode(launch.at('node'), 'v20.19.0') });
    launch.tool('sleep', `echo "$1" >>"${launch.at('sleeps')}"`);
    launch.tool('date', 'echo "${NOW:-1000}"');
    for (let start = 0; start < 13; start += 1) expect(launch.run().code).toBe(0);
    expect(readFileSync(launch.at('sleeps'), 'utf8')).toBe('1\n2\n');
    launch.run([], { NOW: '2000' });
    launch.run([], { NOW: '2001' });
    expect(readFileSync(launch.at('sleeps'), 'utf8')).toBe('1\n2\n');
    writeFileSync(join(launch.home, 'service', 'starts'), 'nonsense; exit 1');
    expect(launch.run().code).toBe(0);
  });

  test('starts the executable where that was installed, and no script of the same name', () => {
    const launch = new Launch();
    launch.tool('xopc', 'echo a script');
    launch.install({ runtime: 'binary', path: '/bin/echo', nodePath: null });
    expect(launch.run(['--port', '1']).stdout).toBe('gateway --port 1\n');
    launch.install({ runtime: 'binary', path: launch.at('gone'), nodePath: null });
    const { code, stdout, stderr } = launch.run();
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain('the executable was not found at');
    // The program that is left may be the package, which has no executable.
    expect(stderr).toMatch(/xopc gateway install --port 81\n$/);
  });
});
