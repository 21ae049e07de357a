import { expect, test } from 'vitest';
import { shellWord } from '../../../shared/text/shell-word.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json } from '../../fakes/http-server.js';
import { runCommand } from '../../helpers/command-line.js';
import { fakeJob, fakeRun } from '../../helpers/fake-cron.js';
import { testPaths } from '../../helpers/lock-file.js';

const preview = {
  timezone: 'UTC',
  words: { en: 'At 09:00', zh: '在09:00' },
  warning: null,
  warningCode: null,
  runs: [{ at: '', local: '2026-03-29T03:00:00+02:00', note: 'gap' }],
};

test.each([
  [['cron'], 'GET', '/api/cron', '', /job_1 +2026-02-03T04:05:06.000Z +done \(dead\) +0 9 \* \* \* +Europe\/Berlin +Report/],
  [
    ['cron', 'add', 'every 1h', 'hi', '--channel', 'webchat', '--chat', 'me'],
    'POST',
    '/api/cron/create',
    '{"channel":"webchat","chat_id":"me","schedule":"every 1h","message":"hi"}',
    /^job_1 next run/,
  ],
  [
    ['cron', 'add', 'every 1h', 'hi', '--active', '08:00-22:00', '--days', 'mon-wed', '--daily-usd', '0.5'],
    'POST',
    '/api/cron/create',
    '{"dailyUsd":0.5,"activeHours":{"from":"08:00","to":"22:00","days":[1,2,3]},"schedule":"every 1h","message":"hi"}',
    /^job_1 next run/,
  ],
  [
    ['cron', 'edit', 'job_1', '--name', '', '--timezone', '', '--timeout', '', '--retries', '', '--daily-usd', ''],
    'PATCH',
    '/api/cron/job_1',
    '{"name":null,"timezone":null,"dailyUsd":null,"timeoutMs":null,"retries":null}',
    /^job_1 next run/,
  ],
  [['cron', 'edit', 'job_1', '--active', ''], 'PATCH', '/api/cron/job_1', '{"activeHours":null}', /^job_1 next run/],
  [
    [
      'cron',
      'add',
      'every 1h',
      'hi',
      '--mode',
      'agent',
      '--grace',
      '1h30m',
      '--timeout',
      '90s',
      '--retries',
      '0',
      '--notify-after',
      '1',
      '--disabled',
    ],
    'POST',
    '/api/cron/create',
    '{"mode":"agent","graceMs":5400000,"timeoutMs":90000,"retries":0,"notifyAfter":1,"schedule":"every 1h","message":"hi","enabled":false}',
    /^job_1 next run/,
  ],
  [['cron', 'edit', 'job_1', '--schedule', 'every 2h'], 'PATCH', '/api/cron/job_1', '{"schedule":"every 2h"}', /^job_1/],
  [['cron', 'enable', 'job_1'], 'PATCH', '/api/cron/job_1', '{"enabled":true}', /^job_1/],
  [['cron', 'disable', 'job_1'], 'PATCH', '/api/cron/job_1', '{"enabled":false}', /^job_1/],
  [['cron', 'run', 'job_1'], 'POST', '/api/cron/trigger', '{"job_id":"job_1"}', /^run_1 triggered/],
  [['cron', 'remove', 'job_1'], 'DELETE', '/api/cron/job_1', '', /^job_1 removed/],
  [
    ['cron', 'history', 'job_1'],
    'GET',
    '/api/cron/job_1/runs?limit=50',
    '',
    /failed +1 +0 ms +5 ms +run_1 +no such chat\n.* done .* Nothing to report: all calm/,
  ],
  [
    ['cron', 'next', '0 9 * * *'],
    'GET',
    '/api/cron/preview?schedule=0+9+*+*+*',
    '',
    /^At 09:00 \(UTC\)\n2026-03-29T03:00:00\+02:00 \(moved: this hour is skipped by daylight saving\)/,
  ],
])('%j asks the API and prints what it answers', async (...[args, method, path, body, expected]) => {
  const server = await fakeHttp((_request, response) =>
    json(response, {
      jobs: [fakeJob],
      job: fakeJob,
      runs: [fakeRun, { ...fakeRun, state: 'done', error: null, output: 'x', nothingToReport: 'all calm' }],
      nextCursor: null,
      run_id: 'run_1',
      ...(path.includes('preview') ? preview : {}),
    }),
  );
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  const { code, stdout } = await runCommand(args, { home });
  expect(code).toBe(0);
  expect(stdout).toMatch(expected);
  expect(server.seen[0]).toMatchObject({ method, path, body });
});

test('the printed command restores a removed job', async () => {
  const server = await fakeHttp((_request, response) => json(response, { job: fakeJob, restorableUntil: '2026-01-08T00:00:00.000Z' }));
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  const { stderr } = await runCommand(['cron', 'remove', 'job_1'], { home });
  expect(stderr).toContain('Until 2026-01-08T00:00:00.000Z it can be restored with: xopc cron restore job_1');
  expect((await runCommand(['cron', 'restore', 'job_1'], { home })).stdout).toContain('job_1');
  expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['DELETE /api/cron/job_1', 'POST /api/cron/job_1/restore']);
});

test.each([
  [['cron', 'add', 'every 1h', 'hi', '--grace', 'soon'], "--grace is 'soon'"],
  [['cron', 'add', 'every 1h', 'hi', '--retries', 'many'], "--retries is 'many'"],
  [['cron', 'add', 'every 1h', 'hi', '--daily-usd', 'much'], "--daily-usd is 'much'"],
  [['cron', 'edit', 'job_1'], 'no changes given'],
  [['cron', 'next', '@daily', '--count', '0'], "--count is '0'; it must be a whole number from 1 to 100"],
  [['cron', 'run', 'a/b'], "invalid job id 'a/b'"],
])('%j is a wrong use', async (args, message) => {
  const { code, stderr } = await runCommand(args, { home: testPaths().home });
  expect({ code, isSaid: stderr.includes(message) }, stderr).toEqual({ code: 2, isSaid: true });
});

test('the session of a run is one word of the command that continues there', async () => {
  const session = "main:telegram:default:direct:7';touch ran;'";
  const server = await fakeHttp((_request, response) => json(response, { runs: [{ ...fakeRun, session }], nextCursor: null }));
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  expect((await runCommand(['cron', 'history', 'job_1'], { home })).stderr).toContain(`xopc agent --session ${shellWord(session)} TEXT`);
});

test.each([
  [
    "Invalid body: 'mode' must be one of direct, agent; 'chat_id' is empty.",
    undefined,
    '--mode must be one of direct, agent; --chat is empty',
  ],
  ["Invalid body: 'graceMs' must be at most 2678400000.", undefined, '--grace must be at most 31 d'],
  ["Invalid body: 'retries' must be at most 20.", undefined, '--retries must be at most 20'],
  [
    'channel and chat_id must be given together or not at all',
    'given-together',
    '--channel and --chat must be given together or not at all',
  ],
  [
    'alertChannel and alertChatId must be given together or not at all',
    'given-together',
    '--alert-channel and --alert-chat must be given together or not at all',
  ],
  [
    "channel and chat_id are required for a message; a job with mode 'agent' does not need them",
    'chat-required',
    "--channel and --chat are required for a message; a job with --mode 'agent' does not need them",
  ],
  ["there is no agent 'name'", 'no-agent', "there is no agent 'name'"],
])('%j is said of the options', async (message, why, expected) => {
  const error = { code: 'INVALID_REQUEST', message, details: { code: why } };
  const server = await fakeHttp((_request, response) => json(response, { error }, 400));
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const { code, stderr } = await runCommand(['cron', 'add', 'every 1h', 'hi', '--mode', 'x', '--chat', ''], { home: paths.home });
  expect({ code, stderr }).toEqual({ code: 2, stderr: `xopc: ${expected}\n` });
});
