import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recordPath, serviceDirectory, serviceEnvPath } from '../../../client/service/files/install-record.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { makeServicePlan } from '../../helpers/service-plan.js';

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

test.each([
  ['after it was started', ['SERVICE_VARIABLES_CHANGED'], { supervisedBy: 'systemd', seconds: 1 }],
  ['before it was started', [], { supervisedBy: 'systemd', seconds: -1 }],
  ['after a start without the service', [], { supervisedBy: null, seconds: 1 }],
])('of variables of the service that were changed %s, status and restart warn with %j', async (_when, codes, { supervisedBy, seconds }) => {
  const paths = testPaths();
  const directory = serviceDirectory(paths);
  const { home, configPath } = paths;
  const plan = makeServicePlan({ home, configPath, launcherPath: `${directory}/launch` });
  mkdirSync(directory, { recursive: true });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '1.0.0', installedAt: '' }));
  const status = { ...sampleStatus, supervisedBy };
  const changedAt = Date.parse(status.startedAt) / 1_000 + seconds;
  writeFileSync(serviceEnvPath(paths), 'OPENAI_API_KEY=sk-new\n');
  utimesSync(serviceEnvPath(paths), changedAt, changedAt);
  await fakeControl(paths.controlPath, (socket, request) => answers(request.type === 'status' ? status : RESULT)(socket, request));
  for (const command of ['status', 'restart']) {
    const { stdout } = await runCommand(['gateway', command, '--json'], { home });
    const { warnings } = JSON.parse(stdout) as { warnings: { code: string; hint: string }[] };
    const ours = warnings.filter(({ code }) => code === 'SERVICE_VARIABLES_CHANGED');
    expect(ours.map(({ code }) => code)).toEqual(codes);
    for (const { hint } of ours) expect(hint).toBe('Apply the change with: xopc gateway restart --force');
  }
});

test.runIf(process.platform === 'linux').each([
  ['restart --force', 'OPENAI_API_KEY, XOPC_PORT', { OPENAI_API_KEY: 'sk-new', XOPC_PORT: '8080' }],
  ['start --force', 'OPENAI_API_KEY', { OPENAI_API_KEY: 'sk-new' }],
  ['restart --force', undefined, { HOME: process.env['HOME'] ?? '' }],
  ['restart', undefined, { OPENAI_API_KEY: 'sk-new' }],
])('%s with other variables than at the start of the gateway names them: %s', async (command, names, variables) => {
  const paths = testPaths();
  writeFileSync(paths.configPath, '{ "channels": {}, "x": "${HOME}" }');
  writeLock(paths, lockRecord(paths, process.pid));
  await fakeControl(paths.controlPath, (socket, request) => answers(request.type === 'status' ? sampleStatus : RESULT)(socket, request));
  const { code, stdout, stderr } = await runCommand(['gateway', ...command.split(' ')], { home: paths.home, variables });
  expect(code, stderr + stdout).toBe(0);
  const note =
    /^The gateway keeps the variables of its start\. This shell has other values of: ([^.]+)\. To start it with them: xopc gateway stop {3}Then: xopc gateway start$/m;
  expect(note.exec(stderr)?.[1]).toBe(names);
});
