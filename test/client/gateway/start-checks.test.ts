import { expect, test } from 'vitest';
import { awaitStopping, refuseCompetitor, type StartChecks } from '../../../client/gateway/start-checks.js';
import { locateGateway } from '../../../client/gateway/locate-gateway.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { startProgram } from '../../helpers/child-program.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const later = new Date(Date.now() + 3_600_000).toISOString();

test.runIf(process.platform === 'linux')(
  'a gateway whose clock was ahead at its start is not taken for one that was started after this command',
  () => {
    const paths = testPaths();
    // The first process of the system is older than any command.
    const former = writeLock(paths, lockRecord(paths, 1, { createdAt: later }));
    expect(() => refuseCompetitor(later, former, paths)).not.toThrow();
    expect(() => refuseCompetitor(later, { ...former, instanceId: 'gw_2' }, paths)).toThrow('already runs');
  },
);

test('a gateway that was started after this command is left alone', async () => {
  const paths = testPaths();
  const { pid } = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)");
  const competitor = writeLock(paths, lockRecord(paths, pid, { createdAt: later }));
  expect(() => refuseCompetitor(later, competitor, paths)).toThrow('already runs');
});

test('a gateway that stops only to continue, as in a restore, is waited for until it continues', async () => {
  const paths = testPaths();
  const desired = ['down', 'down', 'up'];
  await fakeControl(paths.controlPath, (socket, request) =>
    answers({ ...sampleStatus, desired: desired.shift() ?? 'up' })(socket, request),
  );
  const checks = { paths, note: () => Promise.resolve() } as unknown as StartChecks;
  expect(await awaitStopping(checks, await locateGateway(paths))).toMatchObject({ kind: 'answers', status: { desired: 'up' } });
  expect(desired).toEqual([]);
});
