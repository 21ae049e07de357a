import { expect, test } from 'vitest';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

test('every path is printed by its name, also where nothing is there yet', async () => {
  const { home, configPath, databasePath, controlPath } = testPaths();
  const text = await runCommand(['paths'], { home });
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toContain(`config         ${configPath}\n`);
  const { stdout } = await runCommand(['paths', '--json'], { home });
  expect(JSON.parse(stdout)).toMatchObject({ home, data: home, config: configPath, database: databasePath, controlSocket: controlPath });
});
