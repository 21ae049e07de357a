import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandName, type Invocation, linkCommand, withCommandName } from '../../../client/cli/command-name.js';
import { COMMANDS } from '../../../client/commands/registry.js';
import { runCommand } from '../../helpers/command-line.js';
import { tempDir } from '../../helpers/temp-dir.js';

const invocation = (entry: string, variables: Record<string, string> = {}): Invocation => ({ entry, variable: (name) => variables[name] });
const cloned = (calledAs: string, PATH = '/usr/bin:/bin'): Invocation =>
  invocation('/clone/dist/main.cjs', { XOPC_CALLED_AS: calledAs, PATH });

test.each([
  ['the launcher of a clone', cloned('./bin/xopc'), './bin/xopc'],
  ['the launcher by a path with a space', cloned('/my clone/bin/xopc'), "'/my clone/bin/xopc'"],
  ['a link in PATH', cloned('/usr/bin/xopc'), 'xopc'],
  ['a bundle without a launcher', invocation('/clone/dist/main.cjs'), 'xopc'],
  ['the launcher of Windows in a clone', invocation('/clone/bin/xopc.mjs'), 'node /clone/bin/xopc.mjs'],
  ['the command of an installed package', invocation('/usr/bin/xopc', { PATH: '/usr/bin' }), 'xopc'],
  [
    'the command of a package whose directory is not in PATH',
    invocation('/p/node_modules/.bin/xopc', { PATH: '/p' }),
    '/p/node_modules/.bin/xopc',
  ],
  ['npm exec', invocation('/c/_npx/1/node_modules/.bin/xopc', { PATH: '/c/_npx/1/node_modules/.bin', npm_command: 'exec' }), 'npx xopc'],
  [
    'a clone under npm exec of another package',
    invocation('/clone/dist/main.cjs', { XOPC_CALLED_AS: 'bin/xopc', npm_command: 'exec' }),
    'bin/xopc',
  ],
  ['an executable', invocation('./xopc'), './xopc'],
])('%s', (_what, how, expected) => {
  expect(commandName(how)).toBe(expected);
});

test("pnpm's command is a script, which starts the package's launcher", () => {
  const directory = tempDir();
  const called = invocation('/p/.pnpm/xopc@1/node_modules/xopc/bin/xopc.mjs', { PATH: `/nowhere:${directory}` });
  expect(commandName(called)).toBe('node /p/.pnpm/xopc@1/node_modules/xopc/bin/xopc.mjs');
  writeFileSync(join(directory, 'xopc'), '#!/bin/sh\n', { mode: 0o755 });
  expect(commandName(called)).toBe('xopc');
});

test('only commands are replaced, not mentions of the program', () => {
  const text = 'Start it with: xopc gateway start   Or: `xopc doctor`. xopc in PATH is /usr/bin/xopc gateway';
  expect(withCommandName(text, cloned('./bin/xopc'))).toBe(
    'Start it with: ./bin/xopc gateway start   Or: `./bin/xopc doctor`. xopc in PATH is /usr/bin/xopc gateway',
  );
});

test('a command names the configuration of --config, unless it names another', () => {
  const text = 'See it with: xopc gateway status --config /b.json   Or: xopc doctor   Then: xopc gateway --config=/c.json';
  expect(withCommandName(text, cloned('xopc'), '/a b.json')).toBe(
    "See it with: xopc gateway status --config /b.json   Or: xopc --config '/a b.json' doctor   Then: xopc gateway --config=/c.json",
  );
});

test('every command can be replaced', () => {
  const words = [...new Set(COMMANDS.map(({ paths }) => paths[0]?.[0] ?? '').filter((word) => /^[a-z]+$/.test(word)))];
  expect(words.length).toBeGreaterThan(10);
  for (const word of [...words, 'status', '--help']) expect(withCommandName(`xopc ${word}`, cloned('x/xopc'))).toBe(`x/xopc ${word}`);
});

test('the hint of an error names the launcher, its JSON document does not', async () => {
  const home = tempDir();
  const runtime = { invocation: () => cloned('./bin/xopc') };
  expect((await runCommand(['agent', 'hello'], { home, runtime })).stderr).toContain('Start it with: ./bin/xopc gateway start');
  expect((await runCommand(['agent', 'hello', '--json'], { home, runtime })).stdout).toContain('Start it with: xopc gateway start');
});

test('help is shown as called, with the names of the commands as they are', async () => {
  const runtime = { invocation: () => cloned('./bin/xopc') };
  const all = (await runCommand(['--help'], { home: '/', runtime })).stdout;
  expect(all).toContain('Usage: ./bin/xopc <command> [options]');
  expect(all).toContain('`./bin/xopc help COMMAND`');
  const one = (await runCommand(['gateway', 'stop', '--help'], { home: '/', runtime })).stdout;
  expect(one).toMatch(/Usage: \.\/bin\/xopc gateway stop [^]*\n {2}\.\/bin\/xopc gateway stop/);
});

test('a link to the launcher of the clone or package is offered into a directory of PATH, unless there is an xopc in PATH', () => {
  const home = tempDir();
  const bin = join(home, '.local', 'bin');
  for (const path of [bin, join(home, 'bin')]) mkdirSync(path, { recursive: true });
  const how = (PATH: string): Invocation => invocation('/clone/dist/main.cjs', { XOPC_CALLED_AS: './bin/xopc', HOME: home, PATH });
  const link = (PATH: string): string | undefined => linkCommand(how(PATH), home);
  expect(link(`/nowhere:${bin}`)).toBe(`ln -s ${home}/bin/xopc.mjs ${bin}/xopc`);
  writeFileSync(join(home, 'bin', 'xopc'), '');
  expect(link(`/nowhere:${bin}`)).toBe(`ln -s ${home}/bin/xopc ${bin}/xopc`);
  expect(link('/nowhere')).toBe(undefined);
  writeFileSync(join(bin, 'xopc'), '', { mode: 0o755 });
  expect(link(`/nowhere:${bin}`)).toBe(undefined);
});
