/** Commands in a shell that does not have the variables of the gateway, as those of a service are in `service.env`. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireValidConfig } from '../../../client/gateway/start-config.js';
import { fakeControl, frame, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand, type CommandOutcome } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const STORE = '"store": { "url": "${NOT_IN_THIS_SHELL}" }';
const OTHERS = '"gateway": { "host": "${NO_HOST}", "allowedIps": ["${NO_ADDRESS}"], "auth": { "enabled": "${NO_SWITCH}" } }';
/** The end of what `config validate` prints. */
const REFUSED_HERE =
  /is valid, but variables that it uses are not set here: a gateway started with it from this shell would be refused\.\n$/;

function home(config: string) {
  const paths = testPaths();
  writeFileSync(paths.configPath, config);
  const run = (command: string, ...more: string[]): Promise<CommandOutcome> =>
    runCommand([...command.split(' '), ...more], { home: paths.home });
  return { paths, run, written: () => JSON.parse(readFileSync(paths.configPath, 'utf8')) as Record<string, object> };
}

describe.each([
  ['the place of everything', STORE],
  ['a restriction', OTHERS],
])('a variable for %s', (_what, config) => {
  test('does not prevent other changes', async () => {
    const { run, written } = home(`{ ${config} }`);
    const before = written();
    for (const command of [
      'config set logs.level debug',
      'config unset logs.level',
      'config undo',
      'models default openai/y',
      'mcp add files -- npx',
      'mcp remove files',
      'config validate',
    ])
      expect({ command, ...(await run(command)) }).toMatchObject({ command, code: 0 });
    expect(await run('config set gateway.drainTimeoutMs many')).toMatchObject({ code: 78 });
    expect(written()).toMatchObject({ ...before, logs: { level: 'debug' }, agents: { defaults: { model: 'openai/y' } } });
    expect(await run('models default')).toEqual({ code: 0, stdout: 'openai/y\n', stderr: '' });
    expect((await run('config validate')).stdout).toMatch(REFUSED_HERE);
  });

  test('is a warning of the change that names it, and not of others', async () => {
    const { run } = home('{}');
    const [key, value] = config === STORE ? ['store.url', '${NOT_IN_THIS_SHELL}'] : ['gateway.auth.enabled', '${NO_SWITCH}'];
    const { code, stderr } = await run('config set', key, value);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Warning: .* is not set; without it /) as string });
    expect((await run('config set logs.level warn')).stderr).not.toContain('Warning');
  });
});

test('validate says so, too, where the variable is that of a provider in models.json, and the start is refused', async () => {
  const { paths, run } = home('{ "agents": { "defaults": { "model": "up/one" } } }');
  writeFileSync(paths.modelsPath, '{ "providers": { "up": { "baseUrl": "${NO_URL}" } } }');
  const draft = join(paths.home, 'draft.json');
  copyFileSync(paths.configPath, draft);
  for (const files of [[], [draft]]) {
    expect(await run('config validate', ...files)).toMatchObject({ code: 0, stdout: expect.stringMatching(REFUSED_HERE) as string });
    expect(JSON.parse((await run('config validate', '--json', ...files)).stdout)).toMatchObject({ valid: true, canStart: false });
  }
  expect(() => requireValidConfig(paths)).toThrow("provider 'up'");
});

test('get prints what it knows, and says of the rest that this shell does not have it', async () => {
  const { run } = home(
    `{ ${STORE}, ${OTHERS}, "agents": { "defaults": { "model": { "primary": "\${NO_MODEL}", "fallbacks": ["a/b"] } } } }`,
  );
  expect(await run('config get gateway.port')).toEqual({ code: 0, stdout: '18790\n', stderr: '' });
  for (const [command, key, variable] of [
    ['config get store.url', 'store.url', 'NOT_IN_THIS_SHELL'],
    ['config get gateway.host', 'gateway.host', 'NO_HOST'],
    ['config get agents.defaults.model', 'agents.defaults.model.primary', 'NO_MODEL'],
    ['config get agents.defaults.model.fallbacks', 'agents.defaults.model.primary', 'NO_MODEL'],
    ['models default', 'agents.defaults.model.primary', 'NO_MODEL'],
  ] as const) {
    const stderr = expect.stringMatching(`^xopc: ${key} refers to \\$\\{${variable}\\}, which is not set in this shell\n`) as string;
    expect(await run(command)).toEqual({ code: 1, stdout: '', stderr });
  }
  expect((await run('config get gateway')).stderr).toContain(
    'Warning: gateway.host refers to ${NO_HOST}, which is not set in this shell\n',
  );
  expect(await run('config get store.url --raw --show')).toEqual({ code: 0, stdout: '${NOT_IN_THIS_SHELL}\n', stderr: '' });
});

test('models default keeps the fallbacks of a model from a variable, and reports an invalid file', async () => {
  const { paths, run, written } = home(
    '{ "agents": { "defaults": { "model": { "primary": "${NO_MODEL}", "fallbacks": ["ollama/x"] } } } }',
  );
  expect(await run('models default openai/y')).toMatchObject({ code: 0 });
  expect(written()).toEqual({ agents: { defaults: { model: { primary: 'openai/y', fallbacks: ['ollama/x'] } } } });
  writeFileSync(paths.configPath, '{ "gateway": { "port": "x" } }');
  expect(await run('models default')).toMatchObject({
    code: 78,
    stdout: '',
    stderr: expect.stringContaining('gateway.port is "x"') as string,
  });
});

test('a backup gives no false warning, and is restored through the gateway that runs with it', async () => {
  const { paths, run } = home(`{ ${STORE} }`);
  const file = join(paths.home, 'backup.tar.gz');
  const { code, stderr } = await run('backup', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('Warning') as string });
  const { requests } = await fakeControl(paths.controlPath, (socket, request) => {
    const result = request.type === 'status' ? sampleStatus : { replaced: '/kept' };
    socket.write(frame(request, { type: 'result', result }));
  });
  expect(await run('restore', file)).toMatchObject({ code: 0, stdout: expect.stringContaining('/kept') as string });
  expect(requests.at(-1)).toMatchObject({ type: 'restore' });
});
