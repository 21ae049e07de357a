import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

describe.runIf(process.platform !== 'win32')('xopc config edit', () => {
  function edit(text: string | undefined, editor: string, ...args: string[]) {
    const { home, configPath: path, stateDir } = testPaths();
    if (text !== undefined) writeFileSync(path, text);
    const drafts = (): string[] =>
      readdirSync(stateDir)
        .filter((name) => name.includes('draft'))
        .map((name) => join(stateDir, name));
    return { path, drafts, outcome: runCommand(['config', 'edit', ...args], { home, variables: { EDITOR: editor } }) };
  }

  test('writes what the editor leaves, and removes its draft', async () => {
    const { path, drafts, outcome } = edit('{ "logs": { "level": "info" } }', "sed -i 's/info/warn/'");
    expect(await outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('is written') });
    expect(readFileSync(path, 'utf8')).toBe('{ "logs": { "level": "warn" } }');
    expect(drafts()).toEqual([]);
  });

  test('an unchanged text is not written', async () => {
    const { path, outcome } = edit(undefined, 'true');
    expect(await outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing has changed') });
    expect(existsSync(path)).toBe(false);
  });

  test.each([
    { name: 'at once', stepMs: 0, hint: true },
    { name: 'as a person does', stepMs: 1_000, hint: false },
  ])('an editor that ends $name, with the text unchanged: the hint about editors that do not wait is $hint', async ({ stepMs, hint }) => {
    let nowMs = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += stepMs));
    onTestFinished(() => clock.mockRestore());
    const { stderr } = await edit('{}', 'true').outcome;
    expect(stderr).toContain('Nothing has changed');
    expect(stderr.includes(`The editor 'true' ended at once.`) && stderr.includes('EDITOR="code --wait"')).toBe(hint);
  });

  test('an invalid result leaves the file, asks, and at Ctrl-D names the draft that keeps the text', async () => {
    const { path, drafts, outcome } = edit('{ "logs": { "level": "info" } }', "sed -i 's/info/loud/'");
    const { code, stderr } = await outcome;
    expect(code).toBe(78);
    expect(stderr).toContain('Edit it again?');
    expect(readFileSync(path, 'utf8')).toContain('info');
    const [draft = ''] = drafts();
    expect(stderr).toContain(`Your text is kept in ${draft}\n`);
    expect(readFileSync(draft, 'utf8')).toContain('loud');
  });

  test.each([
    ['{ "logs": { "level": "info" } }', "sed -i 's/info/warn/'"],
    [undefined, `sed -i 's/{/{ "logs": {}/'`],
  ])("a change of the file behind the editor's back is not overwritten: %j", async (text, command) => {
    const meanwhile = `echo '{ "cron": { "enabled": false } }' > "$(dirname "$(dirname "$1")")/config.json"`;
    const { path, outcome } = edit(text, `f() { ${meanwhile}; ${command} "$1"; }; f`);
    expect(await outcome).toMatchObject({ code: 1, stderr: expect.stringMatching(/was changed in the meantime/) });
    expect(readFileSync(path, 'utf8')).toContain('cron');
  });

  test('an editor that fails writes nothing; its draft is removed, or named if it has a text of its own', async () => {
    const failed = edit('{}', 'exit 3 #');
    expect(await failed.outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('exit code 3') });
    expect(failed.drafts()).toEqual([]);
    const changed = edit('{ "logs": {} }', 'f() { echo mine > "$1"; exit 3; }; f');
    const { code, stderr } = await changed.outcome;
    expect([code, stderr]).toEqual([2, expect.stringContaining(`Your text is kept in ${changed.drafts()[0]}\n`)]);
    expect(readFileSync(changed.path, 'utf8')).toBe('{ "logs": {} }');
  });

  test.each([
    { editor: "sed -i 's/{/{ /'", outcome: { action: 'written', appliedTo: 'next start' } },
    { editor: 'true', outcome: { action: 'none' } },
  ])('with --json it prints one document: $outcome', async ({ editor, outcome }) => {
    const edited = edit('{}', editor, '--json');
    const { code, stdout } = await edited.outcome;
    expect([code, JSON.parse(stdout)]).toEqual([0, { ...outcome, configPath: edited.path }]);
  });
});
