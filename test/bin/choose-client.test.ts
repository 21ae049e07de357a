/** `bin/main.ts` picks a bundle by words; the registry says which commands it holds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CONTROL_COMMANDS } from '../../client/commands/control-registry.js';

test('the words that main.ts knows are those of the commands in control.cjs', () => {
  const source = readFileSync(join(import.meta.dirname, '..', '..', 'bin', 'main.ts'), 'utf8');
  const known = JSON.parse((/CONTROL_WORDS = (\[.*?\])/.exec(source)?.[1] ?? '').replaceAll("'", '"')) as string[];
  const paths = CONTROL_COMMANDS.flatMap((entry) => entry.paths);
  expect(paths.filter(([first]) => first === 'gateway').flatMap((path) => path.slice(1))).toEqual(known);
  expect(paths.filter(([first]) => first !== 'gateway')).toEqual([['status']]);
});
