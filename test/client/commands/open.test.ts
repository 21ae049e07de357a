import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json, type SeenRequest } from '../../fakes/http-server.js';
import { runCommand, type CommandOutcome } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const EXPIRES = '2026-01-01T00:05:00.000Z';

async function open(
  args: readonly string[],
  reply: { status: number; body: unknown },
  isTTY = true,
): Promise<CommandOutcome & { seen: SeenRequest[] }> {
  const { port, seen } = await fakeHttp((_request, response) => json(response, reply.body, reply.status));
  const paths = testPaths();
  const auth = { enabled: true, tokenHint: null };
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port, auth, urls: ['http://gateway.example:18790'] }));
  const outcome = await runCommand(['gateway', 'open', ...args], {
    home: paths.home,
    environment: { token: 'secret-token' },
    isTTY,
  });
  return { ...outcome, seen };
}

const link = { status: 200, body: { status: 'ok', url: 'http://127.0.0.1:9/#ticket=abc', expiresAt: EXPIRES } };

test('the link has the public address and the ticket, but not the token', async () => {
  const { code, stdout, stderr, seen } = await open([], link);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'http://gateway.example:18790/#ticket=abc\n', stderr: '' });
  expect(seen).toMatchObject([{ method: 'POST', path: '/api/page-links', headers: { authorization: 'Bearer secret-token' } }]);
});

test('what is no terminal gets the plain address: a journal or a log would keep the link', async () => {
  const { code, stdout, stderr, seen } = await open([], link, false);
  expect({ code, stdout, seen }).toEqual({ code: 0, stdout: 'http://gateway.example:18790\n', seen: [] });
  expect(stderr).toContain('printed only on a terminal');
});

test('--json includes the expiry time', async () => {
  const { stdout } = await open(['--json'], link, false);
  expect(JSON.parse(stdout)).toEqual({ url: 'http://gateway.example:18790/#ticket=abc', expiresAt: EXPIRES });
});

test('a refused token is a failure', async () => {
  const { code, stdout, stderr } = await open([], { status: 401, body: { error: { code: 'UNAUTHORIZED', message: 'not this token' } } });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('not this token');
});
