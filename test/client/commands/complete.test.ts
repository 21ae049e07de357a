import { expect, test } from 'vitest';
import { ASKED_OPTIONS, ASKED_PATHS, valuesFor } from '../../../client/cli/completion/completion-values.js';
import { COMMANDS } from '../../../client/commands/registry.js';
import { runCommand } from '../../helpers/command-line.js';
import { tempDir } from '../../helpers/temp-dir.js';

const complete = async (...args: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await runCommand(['@complete', '--', ...args], { home: tempDir() });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').filter(Boolean);
};

test('every command that values are asked for exists, and every option', async () => {
  const paths = COMMANDS.flatMap((entry) => entry.paths.map((path) => path.join(' ')));
  for (const path of ASKED_PATHS) expect(paths).toContain(path);
  const help = await Promise.all(COMMANDS.map((entry) => runCommand([...(entry.paths[0] ?? []), '--help'], { home: tempDir() })));
  for (const option of ASKED_OPTIONS)
    expect(
      help.some(({ stdout }) => stdout.includes(`  ${option} `)),
      option,
    ).toBe(true);
});

test('choices and keys are known without a gateway', async () => {
  expect(await complete('gateway logs', '--level')).toContain('warn\t');
  expect(await complete('config get', 'get')).toContain('gateway.auth.api_key\t');
  expect(valuesFor('cron run', 'run')).toBe('jobs');
});

test.each([
  ['sessions show', 'show'],
  ['agent', '--model'],
  ['gateway status', 'status'],
])('where the gateway is down, or nothing is expected, %j %j completes to nothing and says nothing', async (path, previous) => {
  expect(await complete(path, previous)).toEqual([]);
});
