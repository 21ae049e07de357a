import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const token = {
  id: 'tok_1',
  name: 'ci',
  prefix: 'xopc_abcd',
  scopes: ['read', 'send'],
  agents: null,
  expiresAt: null,
  requestsPerMinute: null,
  dailyUsd: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUsedAt: null,
  lastUsedFrom: null,
  spentTodayUsd: 0,
};

async function setUp() {
  const server = await fakeHttp((request, response) => {
    const limits = { agents: ['main'], requestsPerMinute: 5, dailyUsd: 2.5, spentTodayUsd: 0.75 };
    const times = { expiresAt: '2020-01-01T00:00:00.000Z', lastUsedAt: '2019-12-31T00:00:00.000Z', lastUsedFrom: '10.0.0.1' };
    if (request.path === '/api/config') json(response, { effective: { agents: { list: [{ id: 'main' }] } } });
    else if (request.method === 'GET') json(response, { status: 'ok', tokens: [token, { ...token, name: 'old', ...limits, ...times }] });
    else json(response, { status: 'ok', secret: 'xopc_secret', token });
  });
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  return { ...server, run: (...args: string[]) => runCommand(['token', ...args], { home: paths.home }) };
}

test('the secret of a new token is the only thing on stdout', async () => {
  const { run, seen } = await setUp();
  const { code, stdout, stderr } = await run('add', 'ci', '--scope', 'read,send', '--scope', 'cron', '--rate', '60', '--daily-usd', '2.50');
  expect([code, stdout]).toEqual([0, 'xopc_secret\n']);
  expect(stderr).toContain('xopc token revoke ci');
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ name: 'ci', scopes: ['read', 'send', 'cron'], requestsPerMinute: 60, dailyUsd: 2.5 });
});

test('an end is a duration or a date', async () => {
  const { run, seen } = await setUp();
  await run('add', 'ci', '--scope', 'chat', '--agents', 'main,other', '--expires', '2099-01-31');
  expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ agents: ['main', 'other'], expiresAt: '2099-01-31T00:00:00.000Z' });
  await run('add', 'ci', '--scope', 'chat', '--expires', '90d');
  const { expiresAt } = JSON.parse(seen.at(-1)?.body ?? '') as { expiresAt: string };
  expect(Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000)).toBe(90);
});

test.each([
  [['add', 'ci'], '--scope is required'],
  [['add', 'ci', '--scope', 'read,nope'], "--scope is 'nope', which does not exist"],
  [['add', 'ci', '--scope', 'read', '--expires', 'yesterday'], 'must be a duration or a date'],
  [['add', 'ci', '--scope', 'read', '--expires', '2026-99-01'], 'is not a date'],
  [['add', 'ci', '--scope', 'read', '--expires', '2027-02-31'], "--expires is '2027-02-31', which is not a date"],
  [['add', 'ci', '--scope', 'read', '--expires', '2027-02-31T10:00Z'], 'is not a date'],
  [['add', 'ci', '--scope', 'read', '--rate', '0'], '--rate'],
  [['add', 'ci', '--scope', 'read', '--daily-usd', '-1'], '--daily-usd'],
])('%j is refused before anything is asked', async (args, message) => {
  const { run, seen } = await setUp();
  const { code, stderr } = await run(...args);
  expect([code, seen.length]).toEqual([2, 0]);
  expect(stderr).toContain(message);
});

test('tokens are listed, and revoked by their name', async () => {
  const { run, seen } = await setUp();
  const lines = (await run()).stdout.trimEnd().split('\n');
  expect(lines[1]).toMatch(/^ci +xopc_abcd… +read, send +all +no limit +no limit +0.00 +never +never$/);
  expect(lines[2]).toMatch(
    /^old +xopc_abcd… +read, send +main +5 +2.5 +0.7500 +2020-01-01T00:00:00.000Z \(expired\) +2019-12-31T00:00:00.000Z from 10.0.0.1$/,
  );
  expect((await run('revoke', 'ci')).stdout).toBe('ci revoked\n');
  expect(seen.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/tokens/ci' });
});

test('an agent that does not exist is warned of, and the token is made', async () => {
  const { run } = await setUp();
  const { code, stdout, stderr } = await run('add', 'ci', '--scope', 'chat', '--agents', 'main,nope');
  expect([code, stdout]).toEqual([0, 'xopc_secret\n']);
  expect(stderr).toContain('There is no agent nope');
  expect((await run('add', 'ci', '--scope', 'chat', '--agents', 'main')).stderr).not.toContain('There is no agent');
});
