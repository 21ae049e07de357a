import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completionScript, isShell } from '../../client/completion-script.js';
import { runCommand } from '../helpers/command-line.js';
import { tempDir } from '../helpers/temp-dir.js';

const commands = [
  { words: ['gateway'], description: 'Start the gateway.', options: ['--port', '--force'] },
  { words: ['gateway', 'status'], description: "Show whether it's up.", options: ['--json'] },
  { words: ['agent'], description: 'Talk.', options: [] },
];

const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

describe.runIf(has('bash'))('in bash', () => {
  function complete(...words: string[]): string[] {
    const script = join(tempDir(), 'xopc.bash');
    writeFileSync(script, completionScript('bash', commands));
    const list = words.map((word) => `'${word}'`).join(' ');
    const code = `source ${script}; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _xopc; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', code], { encoding: 'utf8', cwd: tempDir() }).split('\n').filter(Boolean);
  }

  test.each([
    [
      ['xopc', ''],
      ['gateway', 'agent', '--help', '--version'],
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
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
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
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});
