import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand, type CommandLineOptions } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

const SECRET = 'hunter2-hunter2-hunter2';

function home(config?: string): {
  home: string;
  path: string;
  run: (args: string[], more?: Partial<CommandLineOptions>) => ReturnType<typeof runCommand>;
} {
  const directory = tempDir();
  const path = testPaths(directory).configPath;
  if (config !== undefined) writeFileSync(path, config);
  return { home: directory, path, run: (args, more) => runCommand(['config', ...args], { home: directory, ...more }) };
}

describe('xopc config get', () => {
  test.each([
    [['gateway.port'], '{ "gateway": { "port": 8080 } }', '8080\n'],
    [['gateway.port'], undefined, '18790\n'],
    [['logs.level'], undefined, 'info\n'],
    [['logs.level', '--json'], undefined, '"info"\n'],
    [['agents.list[0].id'], undefined, 'main\n'],
    [['gateway.auth.api_key'], undefined, 'null\n'],
    [['gateway.auth.api_key'], `{ "gateway": { "auth": { "api_key": "${SECRET}" } } }`, '****\n'],
    [['gateway.auth.api_key', '--show'], `{ "gateway": { "auth": { "api_key": "${SECRET}" } } }`, `${SECRET}\n`],
    [['gateway.auth.api_key', '--raw', '--show'], '{ "gateway": { "auth": { "api_key": "${PATH}" } } }', '${PATH}\n'],
    [['gateway.cors.credentials'], undefined, 'false\n'],
  ])('%j of %s prints %j', async (args, config, stdout) => {
    expect(await home(config).run(['get', ...args])).toEqual({ code: 0, stdout, stderr: '' });
  });

  test('the whole configuration has its defaults and no secret', async () => {
    const { stdout } = await home(`{ "channels": { "telegram": { "accounts": { "a": { "botToken": "${SECRET}" } } } } }`).run(['get']);
    expect(JSON.parse(stdout)).toMatchObject({
      gateway: { port: 18_790 },
      channels: { telegram: { accounts: { a: { botToken: '****' } } } },
    });
    expect(stdout).not.toContain(SECRET);
  });

  test.each([
    ['gateway.prot', 1, /did you mean 'gateway.port'/],
    ['gateway..port', 2, /is not a key/],
    ['agents.list[7].id', 1, /is not set/],
    ['agents.list[0].name.first', 1, /not a key of the configuration/],
  ])('%s ends with exit code %i', async (key, code, message) => {
    expect(await home().run(['get', key])).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
  });

  test('an invalid file is reported with its position and exit code 78', async () => {
    const broken = home('{ "gateway": {\n    "drainTimeoutMs": -1 } }');
    expect(await broken.run(['get', 'gateway.port'])).toMatchObject({
      code: 78,
      stdout: '',
      stderr: expect.stringContaining('config.json:2:23 gateway.drainTimeoutMs is -1'),
    });
    expect(await broken.run(['get', 'gateway.drainTimeoutMs', '--raw'])).toMatchObject({ code: 0, stdout: '-1\n' });
  });
});

describe('xopc config set', () => {
  test.each([
    ['gateway.port', '8080', { gateway: { port: 8080 } }],
    ['cron.enabled', 'false', { cron: { enabled: false } }],
    ['gateway.allowedHosts', '["a.example"]', { gateway: { allowedHosts: ['a.example'] } }],
    ['gateway.auth.api_key', '1234567890', { gateway: { auth: { api_key: '1234567890' } } }],
    ['gateway.auth.api_key', 'null', { gateway: { auth: { api_key: null } } }],
    ['logs.level', 'debug', { logs: { level: 'debug' } }],
    ['agents.defaults.model', '{"primary":"openai/b"}', { agents: { defaults: { model: { primary: 'openai/b' } } } }],
    ['agents.list', '[{"id":"main","name":"1"}]', { agents: { list: [{ id: 'main', name: '1' }] } }],
  ])('%s to %s', async (key, value, expected) => {
    const { path, run } = home();
    expect(await run(['set', key, value])).toMatchObject({ code: 0, stdout: '' });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(expected);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('keeps comments, and ends once the running gateway has applied it', async () => {
    const { path, run, home: directory } = home('{\n  // ours\n  "logs": { "level": "info" }\n}\n');
    let looks = 0;
    const { port } = await fakeHttp((_request, response) =>
      json(response, { inForce: ++looks === 3, pinned: { 'gateway.port': '--port' } }),
    );
    await fakeControl(testPaths(directory).controlPath, answers({ ...sampleStatus, port }));
    expect((await run(['set', 'logs.level', 'warn'])).stderr).toMatch(/the running gateway has applied it\.\n$/);
    expect(looks).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe('{\n  // ours\n  "logs": { "level": "warn" }\n}\n');
  });

  test.each([
    ['gateway.port', { inForce: true, pinned: { 'gateway.port': '--port' } }, 'in the running gateway, --port overrides gateway.port.'],
    ['logs.files', { error: { code: 'UNAUTHORIZED', message: 'the token is wrong' } }, 'this shell does not have its token'],
  ])('%s: the outcome names what the gateway answered', async (key, answer, said) => {
    const { run, home: directory } = home();
    let looks = 0;
    const { port } = await fakeHttp((_request, response) => {
      looks += 1;
      json(response, answer, 'error' in answer ? 401 : 200);
    });
    await fakeControl(testPaths(directory).controlPath, answers({ ...sampleStatus, port }));
    expect((await run(['set', key, '5'])).stderr).toContain(said);
    expect(looks).toBe(1);
  });

  test('a gateway that gets another token refuses the new one for a moment', async () => {
    const { run, home: directory } = home();
    let looks = 0;
    const { port } = await fakeHttp((_request, response) => {
      looks += 1;
      json(
        response,
        looks === 1 ? { error: { code: 'UNAUTHORIZED', message: 'wrong' } } : { inForce: true, pinned: {} },
        looks === 1 ? 401 : 200,
      );
    });
    await fakeControl(testPaths(directory).controlPath, answers({ ...sampleStatus, port }));
    expect((await run(['set', 'gateway.auth.api_key', SECRET])).stderr).toContain('has applied it');
  });

  test('a secret comes from standard input and is never shown', async () => {
    const { path, run } = home();
    const outcome = await run(['set', 'gateway.auth.api_key', '-'], { stdin: `${SECRET}\n` });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout + outcome.stderr).not.toContain(SECRET);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ gateway: { auth: { api_key: SECRET } } });
  });

  test.each([
    ['gateway.port', '99999', 78, /gateway.port is 99999; it must be a whole number from 1 to 65535/],
    ['gateway.port', 'abc', 78, /gateway.port is "abc"/],
    ['gateway.prot', '1', 1, /did you mean 'gateway.port'/],
    ['__proto__.x', '1', 2, /not allowed/],
    ['agents.default', 'nobody', 78, /'nobody' is not in agents.list/],
  ])('%s to %s writes nothing and ends with %i', async (...[key, value, code, message]) => {
    const { path, run, home: directory } = home();
    expect(await run(['set', key, value])).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(directory).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('an unreadable file is not touched', async () => {
    const { path, run } = home('{ "gateway": ');
    expect(await run(['set', 'gateway.port', '1'])).toMatchObject({ code: 78 });
    expect(readFileSync(path, 'utf8')).toBe('{ "gateway": ');
  });

  test('unset restores the default, undo the value, and a second undo the default', async () => {
    const { run } = home('{ "gateway": { "port": 1 } }');
    const port = async (): Promise<string> => (await run(['get', 'gateway.port'])).stdout;
    expect((await run(['unset', 'gateway.port'])).code).toBe(0);
    expect(await port()).toBe('18790\n');
    expect((await run(['undo'])).code).toBe(0);
    expect(await port()).toBe('1\n');
    expect((await run(['undo'])).code).toBe(0);
    expect(await port()).toBe('18790\n');
  });

  test('versions lists earlier versions, and undo restores any of them', async () => {
    const { run, path } = home('{ "logs": { "files": 1 } } // one');
    expect((await run(['versions'])).stderr).toContain('no earlier versions');
    for (const files of ['2', '3']) expect((await run(['set', 'logs.files', files])).code).toBe(0);
    expect((await run(['versions'])).stdout.split('\n')).toHaveLength(4);
    const { versions } = JSON.parse((await run(['versions', '--json'])).stdout) as { versions: { id: string; current: boolean }[] };
    expect(versions.map(({ current }) => current)).toEqual([false, false]);
    expect((await run(['undo', '--to', versions[1]?.id ?? ''])).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('{ "logs": { "files": 1 } } // one');
    expect(await run(['undo', '--to', 'x'])).toMatchObject({ code: 1, stderr: expect.stringContaining('xopc config versions') as string });
  });

  test('--config names another file, for the lock and the undo too', async () => {
    const { run, path } = home();
    const other = `${tempDir()}/other.json`;
    expect((await run(['set', '--config', other, 'gateway.port', '5'])).code).toBe(0);
    expect(JSON.parse(readFileSync(other, 'utf8'))).toEqual({ gateway: { port: 5 } });
    expect(existsSync(path)).toBe(false);
  });
});

describe('xopc config validate', () => {
  test('a valid file, and none at all', async () => {
    expect(await home('{}').run(['validate'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/config\.json is valid\.\n$/),
      stderr: '',
    });
    expect((await home().run(['validate'])).code).toBe(0);
  });

  test('all problems are listed with their places; as JSON too', async () => {
    const { run } = home('{\n  "gateway": { "prot": 1 },\n  "logs": { "level": "loud" }\n}');
    const text = await run(['validate']);
    expect(text).toMatchObject({ code: 78, stdout: '' });
    expect(text.stderr).toMatch(/config\.json:2:16 gateway\.prot .*\n.*config\.json:3:22 logs\.level/);
    const { code, stdout, stderr } = await run(['validate', '--json']);
    expect({ code, stderr }).toEqual({ code: 78, stderr: '' });
    const document = JSON.parse(stdout) as { error: { code: string; details: { problems: { line: number; key: string }[] } } };
    expect(document.error.details.problems.map(({ line, key }) => [line, key])).toEqual([
      [2, 'gateway.prot'],
      [3, 'logs.level'],
    ]);
  });

  test('models.json is checked too, warnings are printed, another file can be named', async () => {
    const { run, home: directory } = home('{ "channels": { "telegram": { "accounts": { "a": { "botToken": "${XOPC_TEST_UNSET}" } } } } }');
    expect(await run(['validate'])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/Warning: .*XOPC_TEST_UNSET.*accounts\.a is left unconfigured/),
    });
    writeFileSync(testPaths(directory).modelsPath, '{ "mode": "all" }');
    expect(await run(['validate'])).toMatchObject({ code: 78, stderr: expect.stringContaining('models.json:1:11 mode') });
    const draft = `${directory}/draft.json`;
    writeFileSync(draft, '{ "logs": 1 }');
    expect(await run(['validate', draft])).toMatchObject({ code: 78, stderr: expect.stringContaining('draft.json:1:11 logs is 1') });
  });

  test('a directory in place of the file is reported without a stack', async () => {
    const { run, path } = home();
    mkdirSync(path);
    expect(await run(['validate'])).toMatchObject({ code: 78, stderr: expect.stringMatching(/is a directory/) });
  });
});

test('schema prints a JSON Schema, path prints where the file is', async () => {
  const { run, path } = home();
  expect(JSON.parse((await run(['schema'])).stdout)).toMatchObject({
    type: 'object',
    properties: expect.objectContaining({ gateway: expect.anything() }),
  });
  expect(await run(['path'])).toEqual({ code: 0, stdout: `${path}\n`, stderr: '' });
  expect(JSON.parse((await run(['path', '--json'])).stdout)).toMatchObject({ configPath: path });
});
