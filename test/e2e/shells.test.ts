/** Completion in real shells, and the manual page, of the program as users have it. */
import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installDebianPackages } from '../helpers/debian-packages.js';
import { launcher, RealGateway, root } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const PROGRAMS = { bash: 'bash', zsh: 'zsh', fish: 'fish', man: 'man-db' };
const missing = Object.entries(PROGRAMS).filter(([program]) => spawnSync(program, ['--version']).error !== undefined);
const reason = missing.length === 0 ? undefined : installDebianPackages(missing.map(([, name]) => name));

/** What each shell is told to do: load the script `$SCRIPT`, complete `$LINE`, print what is offered. */
const COMPLETE: Readonly<Record<string, readonly string[]>> = {
  bash: ['--norc', '-c', 'source "$SCRIPT"; COMP_LINE=$LINE COMP_POINT=${#LINE}; _xopc; printf "%s\\n" "${COMPREPLY[@]}"'],
  zsh: [
    '-f',
    '-c',
    `zmodload zsh/zpty; zpty shell zsh -f -i
     zpty -w shell 'PS1=""; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source "$SCRIPT"; print REA""DY'
     zpty -r shell screen '*READY*'; zpty -w -n shell "$LINE"$'\\t'; zpty -r shell screen "*$EXPECTED*"; print -r -- "$screen"; zpty -d shell`,
  ],
  fish: ['--no-config', '-c', 'source "$SCRIPT"; complete -C "$LINE"'],
};

test.skipIf(reason !== undefined).each(Object.keys(COMPLETE))('%s completes words, levels and sessions', async (shell) => {
  const gateway = await RealGateway.start();
  await fetch(`${gateway.url}/api/sessions`, {
    method: 'POST',
    body: JSON.stringify({ channel: 'desk' }),
    headers: { 'Content-Type': 'application/json' },
  });
  const directory = tempDir();
  symlinkSync(launcher[0], join(directory, 'xopc'));
  const script = join(directory, '_xopc');
  writeFileSync(script, (await gateway.xopc('completion', shell)).stdout);
  const complete = (line: string, expected: string): string => {
    const own = { SCRIPT: script, LINE: line, EXPECTED: expected, TERM: 'dumb', PATH: `${directory}:${process.env['PATH']}` };
    const { stdout, stderr } = spawnSync(shell, COMPLETE[shell] ?? [], {
      encoding: 'utf8',
      cwd: directory,
      env: { ...process.env, ...gateway.env, ...own },
      timeout: 20_000,
    });
    expect(stderr).toBe('');
    return stdout;
  };
  expect(complete('xopc gateway serv', 'service-st')).toContain('service-st');
  expect(complete('xopc gateway logs --level de', 'debug')).toContain('debug');
  expect(complete('xopc sessions show ma', 'chat_')).toContain('chat_');
});

test.skipIf(reason !== undefined)('the build makes a manual page that man shows without warnings', () => {
  const { stdout, stderr } = spawnSync('man', ['--warnings', '-l', join(root, 'dist', 'xopc.1')], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8', MANPAGER: 'cat' },
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/XOPC\(1\)[^]*xopc gateway status[^]*EXIT STATUS/);
});
