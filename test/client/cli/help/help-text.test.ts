import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../client/commands/registry.js';
import { HELP_ENVIRONMENT, HELP_EXIT_CODES, HELP_FILES, HELP_TOPICS } from '../../../../client/cli/help/help-topics.js';
import { optionName } from '../../../../client/cli/help/help-text.js';
import { runCommand } from '../../../helpers/command-line.js';
import { codeSpans, tableRows } from '../../../helpers/doc-commands.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const help = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runCommand([...args, '--help'], { home: tempDir() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
};

test('every command is in the list and explains itself, in lines that fit a terminal and with named values', async () => {
  const list = await help();
  for (const { paths } of COMMANDS.filter(({ paths: [first] }) => first?.[0]?.startsWith('@') === false)) {
    expect(list).toContain(`  xopc ${paths[0]?.join(' ')} `);
    const text = await help(...(paths[0] ?? []));
    expect(text).toContain(`Usage: xopc ${paths[0]?.join(' ')}`);
    expect(text).not.toMatch(/#\d|undefined/);
    const prose = text.split('\nExamples\n')[0] ?? '';
    for (const line of prose.split('\n').filter((words) => !words.startsWith('Usage'))) expect(line.length, line).toBeLessThanOrEqual(80);
  }
});

test('other words for a command are named', async () => {
  expect(await help('gateway', 'start')).toContain('Also: xopc gateway start');
  expect(await help()).toMatch(/xopc cron enable [^]*?\n *also: xopc cron disable\n/);
});

test.each([
  ['-p,--port #0', '', '-p, --port PORT'],
  ['--config #0', '', '--config FILE'],
  ['--timeout #0', 'Drain time in milliseconds.', '--timeout MS'],
  ['--timeout #0', 'How long a turn may take: 90s, 10m.', '--timeout TIME'],
  ['-f,--force', '', '-f, --force'],
])('the option %j (%j) is shown as %j', (definition, description, expected) => {
  expect(optionName({ definition, description })).toBe(expected);
});

test.each(Object.keys(HELP_TOPICS))('xopc help %s prints the shared topic', async (topic) => {
  const { code, stdout } = await runCommand(['help', topic], { home: tempDir() });
  expect(code).toBe(0);
  expect(stdout.split('\n').length).toBeGreaterThan(5);
  expect(await help()).toContain(`xopc help ${topic}`);
});

test('the topics match the manual', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../../..', 'docs', 'gateway.md'), 'utf8');
  const first = (heading: string): string[] => tableRows(manual, heading).flatMap(([cell = '']) => codeSpans(cell));
  expect(Object.keys(HELP_EXIT_CODES)).toEqual(tableRows(manual, 'Exit codes').map(([code]) => code));
  for (const name of Object.keys(HELP_ENVIRONMENT)) expect(first('Environment variables')).toContain(name);
  for (const name of Object.keys(HELP_FILES)) expect(first('Files')).toContain(name);
});
