import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cli } from 'clipanion';
import { completionScript, isShell } from '../../../../client/cli/completion/completion-script.js';
import { ASKED_PATHS, SHELLS } from '../../../../client/cli/completion/completion-values.js';
import { COMMANDS } from '../../../../client/commands/registry.js';
import { runCommand } from '../../../helpers/command-line.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const flag = (word: string, description = '') => ({ word, description, takesValue: false });
const commands = [
  {
    words: ['gateway'],
    description: 'Start the gateway.',
    options: [{ word: '--port', description: 'Port.', takesValue: true }, flag('--force')],
  },
  { words: ['gateway', 'status'], description: "Show whether it's up: now.", options: [flag('--json', 'As JSON.')] },
  { words: ['agent'], description: 'Talk.', options: [{ word: '--session', description: '', takesValue: true }] },
  { words: ['sessions', 'show'], description: 'Show.', options: [flag('--json')] },
];

const has = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

/** A directory with a program `xopc` that offers two sessions and one hostile value, and complains on stderr. */
function fakeProgram(): { directory: string; marker: string } {
  const directory = tempDir();
  const marker = join(directory, 'run');
  const values = ['main:api:default:direct:notes\tMy notes: private', 'main:api:other\t', `$(touch ${marker})\tHostile`];
  writeFileSync(join(directory, 'values'), `${values.join('\n')}\n`);
  writeFileSync(join(directory, 'xopc'), `#!/bin/sh\ncat '${join(directory, 'values')}'\necho "an error" >&2\n`, { mode: 0o755 });
  return { directory, marker };
}

describe.runIf(has('bash'))('in bash', () => {
  function complete(...words: string[]): string[] {
    const script = join(tempDir(), 'xopc.bash');
    writeFileSync(script, completionScript('bash', commands));
    const { directory, marker } = fakeProgram();
    const line = words.join(' ');
    const code = `source "${script}"; COMP_LINE='${line}'; COMP_POINT=${line.length}; _xopc; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH: `${directory}:${process.env['PATH']}` };
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', code], { encoding: 'utf8', cwd: tempDir(), env });
    expect({ stderr, isEvaluated: existsSync(marker) }).toEqual({ stderr: '', isEvaluated: false });
    return stdout.split('\n').filter(Boolean);
  }

  test('values come from xopc itself, without the part before a colon for readline', () => {
    expect(complete('xopc', 'sessions', 'show', '')).toContain('main:api:default:direct:notes');
    expect(complete('xopc', 'sessions', 'show', 'main:api:d')).toEqual(['default:direct:notes']);
    expect(complete('xopc', 'agent', 'hello', '--session', 'main:api:o')).toEqual(['other']);
    expect(complete('xopc', 'sessions', 'show', '--j')).toEqual(['--json']);
  });

  test('a value is quoted, not run', () => {
    expect(complete('xopc', 'sessions', 'show', '')).toContainEqual(expect.stringMatching(/^\\\$\\\(touch/));
  });

  test.each([
    [
      ['xopc', ''],
      ['gateway', 'agent', 'sessions', 'help', '--help', '--version'],
    ],
    [
      ['xopc', 'help', ''],
      ['gateway', 'agent', 'sessions'],
    ],
    [['xopc', 'help', 'gateway', ''], ['status']],
    [['xopc', 'ga'], ['gateway']],
    [
      ['xopc', 'gateway', ''],
      ['--port', '--force', '--help', 'status'],
    ],
    [['xopc', 'gateway', 'st'], ['status']],
    [['xopc', 'gateway', '--port', '80', '--f'], ['--force']],
    [['xopc', 'gateway', '--port', ''], []],
    [
      ['xopc', 'gateway', 'status', '--'],
      ['--json', '--help'],
    ],
    [['xopc', 'nothing', ''], []],
  ])('%j is completed with %j', (words, expected) => {
    expect(complete(...words).toSorted()).toEqual(expected.toSorted());
  });
});

test.runIf(process.platform === 'linux' && has('bash') && has('script'))(
  'bash completes file names as it does for any command: with blanks, and into directories',
  () => {
    const directory = tempDir();
    const typed = join(directory, 'typed');
    writeFileSync(join(directory, 'my backup.tar.gz'), '');
    mkdirSync(join(directory, 'folder'));
    writeFileSync(join(directory, 'folder', 'other backup.tar.gz'), '');
    const rc = `${completionScript('bash', commands)}\nxopc() { printf '<%s>' "$@" >> '${typed}'; }\n`;
    writeFileSync(join(directory, 'rc'), rc);
    const input = 'xopc restore my\t\nxopc restore fo\tot\t\nexit\n';
    const env = { ...process.env, SHELL: '/bin/sh', TERM: 'dumb' };
    spawnSync('script', ['-qec', 'bash --rcfile rc -i', '/dev/null'], { cwd: directory, env, input, timeout: 20_000 });
    expect(readFileSync(typed, 'utf8')).toBe('<restore><my backup.tar.gz><restore><folder/other backup.tar.gz>');
  },
);

/** Types a line into an interactive zsh and waits for `pattern` on its screen. */
function typeIntoZsh(line: string, pattern: string): { status: number | null; stdout: string; stderr: string } {
  const directory = tempDir();
  writeFileSync(join(directory, '_xopc'), completionScript('zsh', commands));
  const code = `zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'PS1=""; unsetopt zle_bracketed_paste; LISTMAX=1000; autoload -Uz compinit; compinit -u -D; source "${directory}/_xopc"; print REA""DY'
    zpty -r shell screen '*READY*'
    zpty -w -n shell ${JSON.stringify(line)}$'\\t\\t'
    zpty -r shell screen '${pattern}'
    print -r -- "$screen"; zpty -d shell`;
  const fake = fakeProgram();
  const env = { ...process.env, TERM: 'dumb', PATH: `${fake.directory}:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync('zsh', ['-f', '-c', code], { encoding: 'utf8', env, timeout: 20_000 });
  return { status, stdout, stderr };
}

test.runIf(has('zsh'))('zsh completes words, options and values, with descriptions', () => {
  expect(typeIntoZsh('xopc gateway ', '*now.*')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/--port +-- Port\.[^]*status +-- Show whether it's up: now\./),
  });
  expect(typeIntoZsh('xopc sessions show main', '*private*')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/main:api:default:direct:notes +-- My notes: private/),
  });
});

test.runIf(has('fish'))('fish completes words, options and values, with descriptions', () => {
  const script = join(tempDir(), 'xopc.fish');
  writeFileSync(script, completionScript('fish', commands));
  const { directory } = fakeProgram();
  const env = { ...process.env, HOME: directory, PATH: `${directory}:${process.env['PATH']}` };
  const complete = (line: string): string[] => {
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', `source "${script}"; complete -C "${line}"`], {
      encoding: 'utf8',
      env,
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter(Boolean);
  };
  expect(complete('xopc gateway s')).toEqual(["status\tShow whether it's up: now."]);
  expect(complete('xopc gateway --port 80 --f')).toEqual(['--force']);
  expect(complete('xopc agent --session main:api:d')).toEqual(['main:api:default:direct:notes\tMy notes: private']);
  expect(complete('xopc sessions show --j')).toEqual(['--json']);
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

/** Deleted sessions have no list of their own. */
const UNKNOWN_TO_THE_GATEWAY = ['sessions restore'];

test('commands that name a session, a job or a message complete existing ones', async () => {
  const classes = await Promise.all(COMMANDS.map((entry) => entry.load()));
  const named = Cli.from(classes, { binaryName: 'xopc' })
    .definitions()
    .filter(({ usage }) => /<(key|id)>/.test(usage))
    .map(({ path }) => path.replace('xopc ', ''));
  expect(named).toContain('sessions show');
  expect(named.filter((path) => !ASKED_PATHS.includes(path))).toEqual(UNKNOWN_TO_THE_GATEWAY);
});
