import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../../fakes/control-socket.js';
import { fakeHttp, json } from '../../../fakes/http-server.js';
import { runCommand } from '../../../helpers/command-line.js';
import { fakeJob, fakeRun } from '../../../helpers/fake-cron.js';
import { testPaths } from '../../../helpers/lock-file.js';

test('the history is read page by page', async () => {
  const server = await fakeHttp((_request, response) => json(response, { runs: [fakeRun], nextCursor: '17' }));
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  const { stderr } = await runCommand(['cron', 'history', 'job_1', '--failed', '--limit', '1', '--cursor', '18'], { home });
  expect(server.seen[0]?.path).toBe('/api/cron/job_1/runs?limit=1&cursor=18&failed=true');
  expect(stderr).toBe('More with: --cursor 17\n');
  expect(await runCommand(['cron', 'history', 'job_1', '-n', '201'], { home })).toMatchObject({ code: 2 });
});

test('removed jobs are listed with the time until which they can be restored', async () => {
  const restorableUntil = '2026-02-10T04:05:06.000Z';
  const server = await fakeHttp((_request, response) => json(response, { jobs: [{ ...fakeJob, restorableUntil }] }));
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  const { stdout, stderr } = await runCommand(['cron', 'list', '--deleted'], { home });
  expect(server.seen[0]?.path).toBe('/api/cron?deleted=true');
  expect(stdout).toMatch(/job_1 +2026-02-10T04:05:06\.000Z .* Report/);
  expect(stderr).toBe('Restore one with: xopc cron restore ID\n');
});
