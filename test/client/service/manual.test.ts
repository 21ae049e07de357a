/** docs/service.md names only commands and options that there are; what they do is shown by test/e2e/service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../client/commands/registry.js';
import { runCommand } from '../../helpers/command-line.js';
import { root } from '../../helpers/real-gateway.js';
import { tempDir } from '../../helpers/temp-dir.js';

const manual = readFileSync(join(root, 'docs', 'service.md'), 'utf8').replaceAll('\n', ' ');
const named = [...new Set([...manual.matchAll(/`(?:xopc) ([^`]+)`/g)].map(([, words = '']) => words.trim()))];

test.each(named)('`xopc %s`', async (line) => {
  const words = line.split(' ');
  const path = COMMANDS.flatMap(({ paths }) => paths)
    .filter((candidate) => candidate.every((word, index) => words[index] === word))
    .toSorted((a, b) => b.length - a.length)[0];
  expect(path, 'is no command').toBeDefined();
  const { code, stdout } = await runCommand([...(path ?? []), '--help'], { home: tempDir() });
  expect(code).toBe(0);
  for (const option of words.filter((word) => word.startsWith('-'))) expect(stdout).toContain(option);
});

test('names the commands of the service', () => {
  expect(named.length).toBeGreaterThan(10);
});
