/** What the config commands say about input that cannot be right. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand, type CommandOutcome } from '../../helpers/command-line.js';
import { gatewayHome } from '../../helpers/gateway-home.js';

function home(config: unknown = {}) {
  const { paths, writeConfig } = gatewayHome();
  writeConfig(config);
  const run = (...args: string[]): Promise<CommandOutcome> => runCommand(args, { home: paths.home });
  return { paths, run };
}

test.each([
  ['config set', ['config', 'set', 'agents.defaults.model', 'nobody/x']],
  ['models default', ['models', 'default', 'nobody/x']],
])('%s refuses a model whose provider does not exist, which would prevent the next start', async (_name, args) => {
  const { paths, run } = home();
  const { code, stderr } = await run(...args);
  expect([code, stderr]).toEqual([78, expect.stringMatching(/its provider 'nobody' would be described in[^]*Nothing was written/)]);
  expect(readFileSync(paths.configPath, 'utf8')).toBe('{}');
});

test('validate reports such a model too, and refuses a file that does not exist', async () => {
  const { run } = home({ agents: { defaults: { model: 'nobody/x' } } });
  expect(await run('config', 'validate')).toMatchObject({ code: 78, stderr: expect.stringContaining("provider 'nobody'") as string });
  expect(await run('config', 'validate', '/nowhere.json')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('does not exist') as string,
  });
});

test('unset of what is not set says so, and of an unknown key suggests another', async () => {
  const { run } = home();
  expect(await run('config', 'unset', 'gateway.port')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('gateway.port is not set in ') as string,
  });
  expect(await run('config', 'unset', 'gateway.prot')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("did you mean 'gateway.port'?") as string,
  });
});

test('undo names the keys that it restores, including those edited by hand after the change', async () => {
  const { paths, run } = home();
  writeFileSync(paths.configPath, '{ "logs": { "files": 3 } }');
  await run('config', 'set', 'gateway.port', '5');
  writeFileSync(paths.configPath, '{ "logs": { "files": 4 }, "gateway": { "port": 5 } }');
  expect((await run('config', 'undo')).stderr).toBe(`The configuration is restored in ${paths.configPath}: logs.files, gateway.\n`);
  const again = await run('config', 'undo', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ action: 'restored', keys: ['logs.files', 'gateway'] });
});

test('a directory in the place of a file gets a hint that fits both files', async () => {
  const { paths, run } = home();
  mkdirSync(paths.modelsPath);
  const { code, stderr } = await run('config', 'validate');
  expect([code, stderr]).toEqual([78, `xopc: ${paths.modelsPath} is a directory\n  Move it away, or put a file in its place.\n`]);
});

test('a home that is a file is named', async () => {
  const { paths } = home();
  const file = join(paths.home, 'file');
  writeFileSync(file, '');
  const { code, stderr } = await runCommand(['config', 'get', 'gateway.port'], { home: file });
  expect([code, stderr]).toEqual([78, expect.stringContaining(`${file} is not a directory. Move it away, or set XOPC_HOME.`)]);
});
