import { expect, test } from 'vitest';
import type { CronJobDocument } from '../../../../shared/api/cron.js';
import { definedFields } from '../../../../shared/fields.js';
import { answers, fakeControl, sampleStatus } from '../../../fakes/control-socket.js';
import { fakeHttp, json, type SeenRequest } from '../../../fakes/http-server.js';
import { type CommandOutcome, runCommand } from '../../../helpers/command-line.js';
import { fakeJob } from '../../../helpers/fake-cron.js';
import { testPaths } from '../../../helpers/lock-file.js';

/** Runs a command against a gateway that has one job. */
async function run(
  args: string[],
  change: Partial<CronJobDocument> = {},
  { stdin, ...more }: { stdin?: string; warning?: string } = {},
): Promise<CommandOutcome & { seen: SeenRequest[] }> {
  const job = { ...fakeJob, ...change };
  const server = await fakeHttp((_request, response) => json(response, { job, jobs: [job], ...more }));
  const { home, controlPath } = testPaths();
  await fakeControl(controlPath, answers({ ...sampleStatus, port: server.port }));
  return { ...(await runCommand(args, { home, ...definedFields({ stdin }) })), seen: server.seen };
}

const office = { from: '08:00', to: '22:00', days: [1, 2, 3, 4, 5] };

test.each([
  [['--days', 'sat,sun'], office, { from: '08:00', to: '22:00', days: [6, 7] }],
  [['--active', '10:00-12:00'], office, { from: '10:00', to: '12:00', days: [1, 2, 3, 4, 5] }],
  [['--days', ''], office, { from: '08:00', to: '22:00' }],
  [['--days', ''], { from: '00:00', to: '00:00', days: [1] }, null],
  [['--days', 'mon'], null, { from: '00:00', to: '00:00', days: [1] }],
  [['--active', '10:00-12:00'], null, { from: '10:00', to: '12:00' }],
  [['--active', '10:00-12:00', '--days', ''], office, { from: '10:00', to: '12:00' }],
  [['--active', '', '--days', ''], office, null],
])('%j of a job with the hours %j makes them %j', async (flags, activeHours, expected) => {
  const { seen } = await run(['cron', 'edit', 'job_1', ...flags], { activeHours });
  expect(seen.at(-1)?.method).toBe('PATCH');
  expect(JSON.parse(seen.at(-1)?.body ?? '')).toEqual({ activeHours: expected });
});

test('days are not given together with no hours', async () => {
  const { code, stderr, seen } = await run(['cron', 'edit', 'job_1', '--active', '', '--days', 'mon']);
  expect({ code, seen }, stderr).toEqual({ code: 2, seen: [] });
  expect(stderr).toContain("--active '' means any time, also on any day");
});

test.each([[['add', 'every 1h', 'hi']], [['edit', 'job_1', '--name', 'x']], [['enable', 'job_1']], [['restore', 'job_1']], [['list']]])(
  '%j notes that no job runs while they are disabled',
  async (args) => {
    const { code, stderr } = await run(['cron', ...args], {}, { warning: 'scheduled jobs are disabled' });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'No job runs: scheduled jobs are disabled. Enable them with: xopc config set cron.enabled true\n',
    });
    expect((await run(['cron', ...args])).stderr).toBe('');
    expect((await run(['cron', ...args], { enabled: false })).stderr).toBe('');
  },
);

test('a message is read from standard input, as that of send is', async () => {
  for (const args of [
    ['add', 'every 1h', '-'],
    ['edit', 'job_1', '--message', '-'],
  ]) {
    const { seen } = await run(['cron', ...args], {}, { stdin: 'Stand up!\n\nAll of you.\n' });
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ message: 'Stand up!\n\nAll of you.' });
  }
  expect(await run(['cron', 'add', 'every 1h', '-'], {}, { stdin: ' \n' })).toMatchObject({ code: 2, seen: [] });
});
