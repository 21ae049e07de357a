import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cli } from 'clipanion';
import { completionScript, isShell, SHELLS } from '../../../../client/cli/completion/completion-script.js';
import { ASKED_PATHS } from '../../../../client/cli/completion/completion-values.js';
import { COMMANDS } from '../../../../client/commands/registry.js';
import { runCommand } from '../../../helpers/command-line.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const commands = [
  { words: ['gateway'], description: 'Start the gateway.', options: ['--port', '--force'] },
  { words: ['gateway', 'status'], description: "Show whether it's up.", options: ['--json'] },
  { words: ['agent'], description: 'Talk.', options: [] },
  { words: ['sessions', 'show'], description: 'Show.', options: ['--json'] },
];

const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

describe.runIf(has('bash'))('in bash', () => {
  function complete(...words: string[]): string[] {
    const script = join(tempDir(), 'xopc.bash');
    writeFileSync(script, completionScript('bash', commands));
    const line = words.join(' ');
    const xopc = `xopc() { printf '%s\\tdescribed\\n' main:api:default:direct:notes main:api:other; printf '%s\\n' "$*" >&2; }`;
    const code = `source "${script}"; ${xopc}; COMP_LINE='${line}'; COMP_POINT=${line.length}; _xopc; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', code], { encoding: 'utf8', cwd: tempDir() }).split('\n').filter(Boolean);
  }

  test('values come from xopc itself, without the part before a colon for readline', () => {
    expect(complete('xopc', 'sessions', 'show', '')).toContain('main:api:default:direct:notes');
    expect(complete('xopc', 'sessions', 'show', 'main:api:d')).toEqual(['default:direct:notes']);
    expect(complete('xopc', 'agent', 'hello', '--session', 'main:api:o')).toEqual(['other']);
    expect(complete('xopc', 'sessions', 'show', '--j')).toEqual(['--json']);
  });

  test.each([
    [
      ['xopc', ''],
      ['gateway', 'agent', 'sessions', '--help', '--version'],
    ],
    [['xopc', 'ga'], ['gateway']],
    [
      ['xopc', 'gateway', ''],
      ['--port', '--force', '--help', 'status'],
    ],
    [['xopc', 'gateway', 'st'], ['status']],
    [['xopc', 'gateway', '--port', '80', '--f'], []],
    [
      ['xopc', 'gateway', 'status', '--'],
      ['--json', '--help'],
    ],
    [['xopc', 'nothing', ''], []],
  ])('%j is completed with %j', (words, expected) => {
    expect(complete(...words).toSorted()).toEqual(expected.toSorted());
  });
});

test.runIf(has('zsh'))('the zsh script is valid', () => {
  const script = join(tempDir(), '_xopc');
  writeFileSync(script, completionScript('zsh', commands));
  expect(spawnSync('zsh', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test.runIf(has('fish'))('the fish script is valid', () => {
  const script = join(tempDir(), 'xopc.fish');
  writeFileSync(script, completionScript('fish', commands));
  expect(spawnSync('fish', ['-n', script], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test('every shell knows the words and options, and quotes what a description holds', () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, commands);
    for (const word of ['status', '--json', '--port', '--version']) expect(script).toContain(word);
  }
  expect(completionScript('fish', commands)).toContain("it\\'s up");
  expect(isShell('tcsh')).toBe(false);
});

test('the command prints the script for the real tree, and names the shells for another', async () => {
  const { code, stdout } = await runCommand(['completion', 'bash'], { home: tempDir() });
  expect(code).toBe(0);
  expect(stdout).toContain("'gateway status') words='");
  expect(stdout).not.toContain('@log-view');
  expect(await runCommand(['completion', 'tcsh'], { home: tempDir() })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bash, zsh, fish, powershell'),
  });
});

/** What is brought back is in no list. */
const UNKNOWN_TO_THE_GATEWAY = ['sessions restore', 'cron restore'];

test('commands that name a session, a job or a message complete existing ones', async () => {
  const classes = await Promise.all(COMMANDS.map((entry) => entry.load()));
  const named = Cli.from(classes, { binaryName: 'xopc' })
    .definitions()
    .filter(({ usage }) => /<(key|id)>/.test(usage))
    .map(({ path }) => path.replace('xopc ', ''));
  expect(named).toContain('sessions show');
  expect(named.filter((path) => !ASKED_PATHS.includes(path))).toEqual(UNKNOWN_TO_THE_GATEWAY);
});
