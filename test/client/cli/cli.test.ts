import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../client/commands/registry.js';
import { matchPath } from '../../../client/cli/command-paths.js';
import { runCommand, startCommand } from '../../helpers/command-line.js';
import { root } from '../../helpers/real-gateway.js';
import { tempDir } from '../../helpers/temp-dir.js';

const run = (...args: string[]) => runCommand(args, { home: tempDir() });

test('the registry lists every command', async () => {
  const directory = join(root, 'client', 'commands');
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const modules = await Promise.all(names.map((name) => import(join(directory, name)) as Promise<Record<string, unknown>>));
  const exported = modules.flatMap((module) => Object.values(module));
  const written = exported.filter((value) => typeof value === 'function' && Object.hasOwn((value.prototype ?? {}) as object, 'run'));
  const registered = await Promise.all(COMMANDS.map((entry) => entry.load()));
  expect(written.length).toBeGreaterThan(50);
  expect(new Set(registered)).toEqual(new Set(written));
  expect(registered.length).toBe(written.length);
});

test('the manual names every command but the internal ones', () => {
  const directory = join(root, 'docs');
  const names = readdirSync(directory).filter((name) => name.endsWith('.md'));
  const manual = names.map((name) => readFileSync(join(directory, name), 'utf8').replaceAll(/\s+/g, ' ')).join(' ');
  const isNamed = (path: readonly string[]): boolean => manual.includes(['xopc', ...path].join(' '));
  const visible = COMMANDS.filter(({ paths }) => paths[0]?.[0]?.startsWith('@') === false);
  expect(visible.filter(({ paths }) => !paths.some(isNamed)).map(({ paths }) => paths[0])).toEqual([]);
});

test('every command but the internal ones has a description and an example', async () => {
  for (const entry of COMMANDS) {
    if (entry.paths[0]?.[0]?.startsWith('@')) continue;
    const { usage } = await entry.load();
    expect(usage, entry.paths.join(' ')).toMatchObject({
      category: expect.stringMatching(/\S/),
      description: expect.stringMatching(/\.$/),
      examples: expect.any(Array),
    });
    for (const [, example] of usage?.examples ?? []) expect(example).toContain('xopc ');
  }
});

test.each([['--version'], ['-V'], ['-v'], ['version']])('%s prints the version on stdout', async (flag) => {
  expect(await run(flag)).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
});

test.each([[[]], [['--help']], [['-h']], [['help']]])('%j prints the commands on stdout', async (args) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('xopc gateway status');
  expect(stdout).not.toContain('@log-view');
});

test.each([
  [['gateway', 'status', '--help'], 'Exit code: 0 running'],
  [['config', 'set', '-h'], 'comments in the file are kept'],
])('%j explains the command on stdout', async (args, text) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.toLowerCase()).toContain(text.toLowerCase());
});

test.each([[['config', '--help']], [['help', 'config']]])('%j shows the commands that begin so', async (args) => {
  const { code, stdout } = await run(...args);
  expect(code).toBe(0);
  expect(stdout).toContain('xopc config get');
  expect(stdout).toContain('xopc config validate');
  expect(stdout).not.toContain('xopc agent');
});

test('help with --json is one document', async () => {
  const { stdout } = await run('help', 'exit-codes', '--json');
  expect((JSON.parse(stdout) as { help: string }).help).toContain('3    not running');
});

test('a command that has others below it shows both', async () => {
  const { stdout } = await run('gateway', '--help');
  expect(stdout).toContain('--background');
  expect(stdout).toContain('xopc gateway status');
});

describe('wrong usage ends with exit code 2, says what is wrong, and writes nothing to stdout', () => {
  test.each([
    [['gatway'], "unknown command 'gatway'; did you mean 'gateway'?"],
    [['gateway', 'sttaus'], "unknown command 'gateway sttaus'; did you mean 'gateway status'?"],
    [['restart'], "unknown command 'restart'; did you mean 'gateway restart'?"],
    [['revoke', 'x'], "unknown command 'revoke'; did you mean 'channels revoke' or 'approvals revoke' or 'token revoke'?"],
    [['config', 'gett', 'a'], "unknown command 'config gett'; did you mean 'config get'?"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['config'], "'xopc config' needs a command: get, set,"],
    [['config', 'zzzzzz'], "unknown command 'config zzzzzz'"],
    [['gateway', '--prot', '1'], "unknown option '--prot'; did you mean '--port'?"],
    [['gateway', 'status', '--zzzzzz'], "unknown option '--zzzzzz'"],
    [['gateway', 'stop', '--timeout'], 'option --timeout needs a value'],
    [['gateway', 'stop', '--timeout', '-5'], 'option --timeout needs a value\n  Did you mean --timeout=-5?'],
    [['gateway', 'stop', 'now'], "unexpected argument 'now'"],
    [['config', 'get', 'gateway.port', 'now'], "unexpected argument 'now'"],
    [['backup', 'a', '--force', 'b'], "unexpected argument 'b'"],
    [['agent', '-1'], 'put -- before it: -- -1'],
    [['send'], '--channel and --chat are required'],
    [['send', '--channel=x', 'hi'], '--chat is required'],
    [['config', 'set', 'gateway.port'], 'missing argument'],
    [['--config', 'x'], "'--config' needs a command before it"],
    [['help', 'frobnicate'], "unknown command 'frobnicate'"],
    [['frobnicate', '--help'], "unknown command 'frobnicate'"],
    [['gateway', 'stop', '--timeout', '-5'], 'option --timeout needs a value'],
    [['gateway', 'stop', '--timeout', '5s'], "--timeout is '5s'; it must be whole milliseconds"],
    [['gateway', '--port', '99999'], "--port: invalid port '99999'"],
    [['gateway', '--host', 'a b'], "--host is 'a b', which is not an address"],
    [['gateway', 'status', '--config', ''], '--config is empty'],
    [['@log-vew'], "unknown command '@log-vew'"],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^xopc: /);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  test('a missing argument is shown in the usage', async () => {
    expect((await run('config', 'set', 'gateway.port')).stderr).toContain('Usage: xopc config set <key> <value>');
  });

  test('control characters in arguments do not reach the terminal', async () => {
    const { stderr } = await run('\u001b[31mevil\u202e');
    // eslint-disable-next-line no-control-regex -- what must not be there
    expect(stderr).not.toMatch(/[\u001b\u202e]/);
  });

  test('with --json the error is one document on stdout', async () => {
    const { code, stdout, stderr } = await run('gateway', 'sttaus', '--json');
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ error: { code: 'USAGE', message: expect.stringContaining('sttaus'), hint: expect.any(String) } });
  });
});

test('every command reports an invalid environment with exit code 2', async () => {
  const broken = {
    readEnvironment: () => {
      throw Object.assign(new Error('unexpected'), { code: 'X' });
    },
  };
  expect(await runCommand(['gateway', 'status'], { home: '/', runtime: broken })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'xopc: unexpected\n',
  });
});

describe('a reader that goes away', () => {
  test.each([[['--help']], [['gateway', '--help']], [['config', 'schema']], [['completion', 'bash']]])('does not fail %j', async (args) => {
    const command = startCommand(args, { home: tempDir() });
    command.out.failure = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(await command.exitCode).toBe(0);
    expect(command.err.text).toBe('');
  });

  const full = () => Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });

  test.each([[['config', 'path']], [['--help']]])('any other stdout error fails %j and is reported on stderr', async (args) => {
    const command = startCommand(args, { home: tempDir() });
    command.out.failure = full();
    expect(await command.exitCode).toBe(1);
    expect(command.err.text).toBe('xopc: write ENOSPC\n  The disk is full. Free some space and run the command again.\n');
  });

  test('if stdout rejects the error document, the exit code is kept and the error goes to stderr', async () => {
    const command = startCommand(['gateway', 'restart', '--json'], { home: tempDir() });
    command.out.failure = full();
    expect(await command.exitCode).toBe(3);
    expect(command.err.text).toContain('the gateway is not running');
  });

  test.each([
    [['gateway', 'status'], 3],
    [['gateway', 'stop'], 0],
    [['gateway', 'sttaus'], 2],
  ])('notes that stderr rejects do not affect %j', async (args, code) => {
    const command = startCommand(args, { home: tempDir() });
    command.err.failure = full();
    expect(await command.exitCode).toBe(code);
  });
});

test('the command waits until a slow reader of stdout has read everything', async () => {
  const context = { home: tempDir() };
  const command = startCommand(['config', 'schema'], context);
  const slow = command.out as unknown as Writable & { _write: Writable['_write'] };
  const write = slow._write.bind(slow);
  let isDone = false;
  slow._write = (chunk, encoding, done) => setTimeout(() => write(chunk, encoding, done), 30);
  void command.exitCode.then(() => (isDone = true));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(isDone).toBe(false);
  expect(await command.exitCode).toBe(0);
  expect(JSON.parse(command.out.text)).toHaveProperty('properties');
});

test.each([
  [['gateway'], ['gateway'], ['status', 'logs']],
  [['gateway', 'x'], ['gateway'], ['status', 'logs']],
  [['x'], [], ['gateway', 'agent']],
  [[], [], ['gateway', 'agent']],
])('the words %j match %j and may go on with %j', (given, known, next) => {
  const paths = [['gateway'], ['gateway', 'status'], ['gateway', 'logs'], ['agent']];
  expect(matchPath(paths, given)).toEqual({ known, next });
});

test.each([[['agent', 'hello', '--help']], [['gateway', 'stop', '--timeout', '5', '-h']], [['gateway', 'stop', 'extra', '--help']]])(
  '%j explains and does nothing',
  async (args) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage');
  },
);

test('--help behind -- is no option', async () => {
  expect((await run('agent', '--', '--help')).code).toBe(3);
});
