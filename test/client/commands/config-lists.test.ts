import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

test.each([
  ['agents.list[0].systemPrompt', 'Be brief.', [{ id: 'main', name: 'Main', enabled: true, systemPrompt: 'Be brief.' }]],
  ['agents.list[0].name', '7', [{ id: 'main', name: '7', enabled: true }]],
  ['agents.list[1].id', 'two', [{ id: 'main', name: 'Main', enabled: true }, { id: 'two' }]],
])('setting a part of a default list keeps the rest of it, and is one change: %s', async (key, value, list) => {
  const { configPath: path, home } = testPaths();
  const run = (args: string[]) => runCommand(['config', ...args], { home });
  writeFileSync(path, '{ "logs": {} }');
  expect(await run(['set', key, value])).toMatchObject({ code: 0 });
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ logs: {}, agents: { list } });
  expect((await run(['undo'])).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe('{ "logs": {} }');
});
