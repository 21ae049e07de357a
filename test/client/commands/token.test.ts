import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { maskToken } from '../../../shared/config/secrets.js';
import { answers, fakeControl, frame, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand, type CommandLineOptions } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const TOKEN = 'abcdefgh-0123456789-0123456789-hgfedcba';

function setUp(): {
  paths: ReturnType<typeof testPaths>;
  run: (args: string[], more?: Partial<CommandLineOptions>) => ReturnType<typeof runCommand>;
} {
  const paths = testPaths();
  return { paths, run: (args, more) => runCommand(['gateway', 'token', ...args], { home: paths.home, ...more }) };
}

test('the first call makes the token and shows it masked; --show shows all of it and nothing else', async () => {
  const { paths, run } = setUp();
  const masked = await run([]);
  const token = readFileSync(paths.tokenPath, 'utf8').trim();
  expect(masked).toEqual({ code: 0, stdout: `${maskToken(token)}\n`, stderr: '' });
  expect(await run(['--show'])).toEqual({ code: 0, stdout: `${token}\n`, stderr: '' });
});

test('the environment overrides the configuration, which overrides the generated token', async () => {
  const { paths, run } = setUp();
  writeFileSync(paths.configPath, `{ "gateway": { "auth": { "api_key": "${TOKEN}" } } }`);
  expect(JSON.parse((await run(['--json'])).stdout)).toEqual({ token: maskToken(TOKEN), source: 'config', rotated: false });
  const environment = { token: `env-${TOKEN}` };
  expect(JSON.parse((await run(['--json', '--show'], { environment })).stdout)).toEqual({
    token: `env-${TOKEN}`,
    source: 'env',
    rotated: false,
  });
  expect(existsSync(paths.tokenPath)).toBe(false);
});

test('--rotate replaces it and lets the running gateway move to it', async () => {
  const { paths, run } = setUp();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  writeFileSync(paths.tokenPath, TOKEN);
  const control = await fakeControl(paths.controlPath, (socket, request) => {
    const token = { token: readFileSync(paths.tokenPath, 'utf8').trim(), source: 'generated' } as const;
    const auth = { enabled: true, tokenHint: maskToken(token.token) };
    answers(request.type === 'status' ? { ...sampleStatus, auth } : {}, token)(socket, request);
  });
  const { code, stdout, stderr } = await run(['--rotate', '--show']);
  expect(code).toBe(0);
  expect(stdout.trim()).toBe(readFileSync(paths.tokenPath, 'utf8').trim());
  expect(stdout.trim()).not.toBe(TOKEN);
  expect(stderr).toBe('The running gateway uses the new token now.\n');
  expect(control.requests.map(({ type }) => type)).toContain('restart');
});

test.each([
  [2, 0, 'The running gateway uses the new token now.\n'],
  [3, 1, 'does not use it: the old one may still work'],
])('--rotate restarts the gateway again if that still uses the old token, and is sure of the outcome: %i', async (needed, code, said) => {
  const { paths, run } = setUp();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  writeFileSync(paths.tokenPath, TOKEN);
  let restarts = 0;
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'restart') restarts += 1;
    const token = { token: restarts < needed ? TOKEN : readFileSync(paths.tokenPath, 'utf8').trim(), source: 'generated' } as const;
    const auth = { enabled: true, tokenHint: maskToken(token.token) };
    answers(request.type === 'status' ? { ...sampleStatus, auth } : {}, token)(socket, request);
  });
  expect(await run(['--rotate'])).toMatchObject({ code, stderr: expect.stringContaining(said) as string });
  expect(restarts).toBe(2);
});

test('--rotate says that the old token is still used if the gateway cannot be restarted, and why', async () => {
  const { paths, run } = setUp();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  writeFileSync(paths.tokenPath, TOKEN);
  const reason = 'config.json:1:24 gateway.port is "x"';
  await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'restart')
      socket.write(frame(request, { type: 'error', error: { code: 'CONFIG_INVALID', message: reason, retryable: false } }));
    else answers(sampleStatus, { token: TOKEN, source: 'generated' })(socket, request);
  });
  const { code, stdout, stderr } = await run(['--rotate']);
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  expect(stderr).toContain(`the new token is stored, but the running gateway still uses the old one: ${reason}`);
  expect(stderr).toContain('xopc gateway restart');
  expect(readFileSync(paths.tokenPath, 'utf8')).not.toContain(TOKEN);
});

test('--rotate fails while a gateway runs that does not answer, because it may serve on with the old token', async () => {
  const { paths, run } = setUp();
  writeLock(paths, lockRecord(paths, process.pid));
  const { code, stdout, stderr } = await run(['--rotate']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('does not use it: the old one may still work\n  Restart it with: xopc gateway restart\n');
  expect(existsSync(paths.tokenPath)).toBe(true);
});

test.each([
  [{ token: TOKEN }, '{}', 'XOPC_GATEWAY_TOKEN'],
  [{}, `{ "gateway": { "auth": { "api_key": "${TOKEN}" } } }`, 'gateway.auth.api_key'],
])('--rotate of a token that is set elsewhere says where, and changes nothing', async (environment, config, place) => {
  const { paths, run } = setUp();
  writeFileSync(paths.configPath, config);
  expect(await run(['--rotate'], { environment })).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(place) });
  expect(existsSync(paths.tokenPath)).toBe(false);
});

test('--rotate replaces a file that holds no token', async () => {
  const { paths, run } = setUp();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  writeFileSync(paths.tokenPath, 'not a token');
  expect(await run(['--show'])).toMatchObject({ code: 78, stderr: expect.stringContaining('xopc gateway token --rotate') });
  expect(await run(['--rotate'])).toMatchObject({ code: 0, stderr: '' });
  expect(await run(['--show'])).toMatchObject({ code: 0 });
});

const told = { token: `env-${TOKEN}`, source: 'env' } as const;

test('a running gateway says which token is in force', async () => {
  const { paths, run } = setUp();
  await fakeControl(paths.controlPath, answers(sampleStatus, told));
  writeFileSync(paths.configPath, '{ "gateway": { "auth": {');
  expect(await run(['--show'])).toEqual({ code: 0, stdout: `${told.token}\n`, stderr: '' });
  expect(JSON.parse((await run(['--json'])).stdout)).toEqual({ token: maskToken(told.token), source: 'env', rotated: false });
  expect(existsSync(paths.tokenPath)).toBe(false);
});

test('--rotate of a token that the running gateway has from elsewhere changes nothing', async () => {
  const { paths, run } = setUp();
  const control = await fakeControl(paths.controlPath, answers(sampleStatus, told));
  const { code, stdout, stderr } = await run(['--rotate']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('the token comes from XOPC_GATEWAY_TOKEN or --token');
  expect(existsSync(paths.tokenPath)).toBe(false);
  expect(control.requests.map(({ type }) => type)).not.toContain('restart');
});

describe('--rotate while the first worker is starting, so that the gateway does not tell its token yet,', () => {
  test.each([
    ['says so when that turns out to come from elsewhere', told, 0, 'uses the one from XOPC_GATEWAY_TOKEN or --token.', 1],
    [
      'fails when the gateway keeps the old one',
      { token: TOKEN, source: 'generated' },
      1,
      'does not use it: the old one may still work',
      2,
    ],
    ['fails when it does not become known', null, 1, 'does not use it: the old one may still work', 2],
  ] as const)('%s', async (...[_what, token, code, said, needed]) => {
    const { paths, run } = setUp();
    let restarts = 0;
    await fakeControl(paths.controlPath, (socket, request) => {
      if (request.type === 'restart') restarts += 1;
      answers(request.type === 'status' ? sampleStatus : {}, restarts === 0 ? null : token)(socket, request);
    });
    expect(await run(['--rotate'])).toMatchObject({ code, stderr: expect.stringContaining(said) as string });
    expect(restarts).toBe(needed);
  });
});

test('of two --rotate at once, the one whose token was replaced prints the other one, which is in force', async () => {
  const { paths, run } = setUp();
  const control = await fakeControl(paths.controlPath, (socket, request) => {
    if (request.type === 'restart') writeFileSync(paths.tokenPath, TOKEN);
    const token = existsSync(paths.tokenPath)
      ? ({ token: readFileSync(paths.tokenPath, 'utf8').trim(), source: 'generated' } as const)
      : null;
    answers(request.type === 'status' ? sampleStatus : {}, token)(socket, request);
  });
  const printed = { code: 0, stdout: `${TOKEN}\n`, stderr: 'The running gateway uses the new token now.\n' };
  expect(await run(['--rotate', '--show'])).toEqual(printed);
  expect(control.requests.filter(({ type }) => type === 'restart')).toHaveLength(1);
});

test('--rotate waits for the gateway that a service manager starts in place of one that leaves', async () => {
  const { paths, run } = setUp();
  let questions = 0;
  const control = await fakeControl(paths.controlPath, (socket, request) => {
    const isLeaving = control.requests.some(({ type }) => type === 'restart');
    if (isLeaving && request.type === 'status') questions += 1;
    const isNew = questions > 2;
    const token = isNew ? ({ token: readFileSync(paths.tokenPath, 'utf8').trim(), source: 'generated' } as const) : null;
    const status = { ...sampleStatus, instanceId: isNew ? 'gw_2' : 'gw_1' };
    answers(request.type === 'status' ? status : { succession: 'service-manager' }, token)(socket, request);
  });
  expect(await run(['--rotate'])).toMatchObject({ code: 0, stderr: 'The running gateway uses the new token now.\n' });
  expect(control.requests.filter(({ type }) => type === 'restart')).toHaveLength(1);
});

test('without a gateway, a configuration that cannot be read is named: its token is not known', async () => {
  const { paths, run } = setUp();
  writeFileSync(paths.configPath, '{ "gateway": { "auth": {');
  const { code, stdout, stderr } = await run(['--show']);
  expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
  expect(stderr).toContain(`${paths.configPath}:1:`);
});
