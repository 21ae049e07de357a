import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const RESULT = { instanceId: 'wk_2', workerPid: 9, pid: sampleStatus.pid, succession: 'none', durationMs: 230 };
const [OWN, OLD, NEW] = ['own', 'old', 'new'] as const;

/** The warnings of `status` and of `restart`, by a command of the build `own`. */
async function warningsOf(build: { running: string; installed: string }, own: string | undefined): Promise<unknown> {
  const paths = testPaths();
  await fakeControl(paths.controlPath, (socket, request) =>
    answers(request.type === 'status' ? { ...sampleStatus, build } : RESULT)(socket, request),
  );
  const runtime = { build: () => (own === undefined ? undefined : { version: '0.2.0', buildId: own }) };
  return Promise.all(
    ['status', 'restart'].map(async (command) => {
      const { code, stdout } = await runCommand(['gateway', command, '--json'], { home: paths.home, runtime });
      expect(code).toBe(0);
      return (JSON.parse(stdout) as { warnings: { code: string; message: string }[] }).warnings;
    }),
  );
}

test('a gateway of a build in another place is named by status and restart', async () => {
  const warning = {
    code: 'OTHER_BUILD',
    message: expect.stringMatching(
      /^this command is version 0\.2\.0 \(build own\) in \/.+; the gateway runs \S+ \(build old\) of another installation$/,
    ) as string,
    hint: 'If this command is the newer one, change to it: xopc gateway stop   Then: xopc gateway start',
  };
  expect(await warningsOf({ running: OLD, installed: OLD }, OWN)).toEqual([[warning], [warning]]);
  expect(await warningsOf({ running: OLD, installed: NEW }, OWN)).toEqual([[warning], [warning]]);
});

test.each([
  ['it runs the build of the command', { running: OWN, installed: OWN }, OWN],
  ['a restart changes to that', { running: OLD, installed: OWN }, OWN],
  ['a newer one is installed in its place', { running: OWN, installed: NEW }, OWN],
  ['the command is being replaced', { running: OLD, installed: OLD }, undefined],
])('nothing is said where %s', async (_where, build, own) => {
  expect(await warningsOf(build, own)).toEqual([[], []]);
});
