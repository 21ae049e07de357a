import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { maskToken } from '../../../shared/config/secrets.js';
import { answers, fakeControl, frame, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand, type CommandLineOptions } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

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
    const tokenHint = maskToken(readFileSync(paths.tokenPath, 'utf8').trim());
    const result = request.type === 'status' ? { ...sampleStatus, auth: { enabled: false, tokenHint } } : {};
    socket.write(frame(request, { type: 'result', result }));
  });
  const { code, stdout, stderr } = await run(['--rotate', '--show']);
  expect(code).toBe(0);
  expect(stdout.trim()).toBe(readFileSync(paths.tokenPath, 'utf8').trim());
  expect(stdout.trim()).not.toBe(TOKEN);
  expect(stderr).toBe('The running gateway uses the new token now.\n');
  expect(control.requests.map(({ type }) => type)).toContain('restart');
});

test('--rotate only warns when a gateway got its token at start', async () => {
  const { paths, run } = setUp();
  mkdirSync(paths.credentialsDir, { mode: 0o700 });
  writeFileSync(paths.tokenPath, TOKEN);
  const control = await fakeControl(paths.controlPath, answers(sampleStatus));
  const { code, stderr } = await run(['--rotate']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^The running gateway uses another token \(abc12345\.\.\.xyz67890\).*\nThe new token applies once/);
  expect(stderr).not.toContain('uses the new token now');
  expect(control.requests.map(({ type }) => type)).not.toContain('restart');
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

test('a different token in effect is reported', async () => {
  const { paths, run } = setUp();
  await fakeControl(paths.controlPath, answers(sampleStatus));
  expect(await run([])).toMatchObject({ code: 0, stderr: expect.stringMatching(/uses another token \(abc12345\.\.\.xyz67890\)/) });
});
