import { chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { locateGateway, requireGateway, unavailableError } from '../../../client/gateway/locate-gateway.js';
import type { LockRecord } from '../../../shared/node/files/lock-record.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { machineSlackMs } from '../../helpers/machine-slack.js';

const DEAD = { startTime: '1' };
const young = (): Partial<LockRecord> => ({ createdAt: new Date().toISOString() });

test('one that answers is reported with its status, whatever its lock says', async () => {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers(sampleStatus));
  expect(await locateGateway(paths)).toEqual({ kind: 'answers', status: sampleStatus, controlPath: paths.controlPath });
  writeLock(paths, lockRecord(paths, process.pid, DEAD));
  expect(await locateGateway(paths)).toMatchObject({ kind: 'answers' });
});

test('a supervisor that exits in the middle of a reply is asked again', async () => {
  const paths = testPaths();
  let asked = 0;
  await fakeControl(paths.controlPath, (socket, request) => {
    asked += 1;
    if (asked === 1) socket.destroy();
    else answers(sampleStatus)(socket, request);
  });
  expect(await locateGateway(paths)).toMatchObject({ kind: 'answers' });
});

test('a socket elsewhere is found by the lock: another runtime directory at another login', async () => {
  const paths = testPaths();
  const controlPath = join(tempDir(), 'run', 's');
  await fakeControl(controlPath, answers(sampleStatus));
  writeLock(paths, lockRecord(paths, process.pid, { controlPath }));
  expect(await locateGateway(paths)).toMatchObject({ kind: 'answers', controlPath });
});

/** What there is → kind, code of the error, text of it. */
test.each<[string, (paths: ReturnType<typeof testPaths>) => void | Promise<unknown>, string, string, RegExp]>([
  ['nothing', () => undefined, 'absent', 'NOT_RUNNING', /^the gateway is not running$/],
  [
    'the lock of a dead process',
    (paths) => void writeLock(paths, lockRecord(paths, process.pid, DEAD)),
    'absent',
    'NOT_RUNNING',
    /process \d+ died/,
  ],
  [
    'a lock that cannot be read',
    (paths) => (writeLock(paths, lockRecord(paths, process.pid)), writeFileSync(paths.lockPath, '{')),
    'absent',
    'NOT_RUNNING',
    /not running/,
  ],
  [
    'a young lock without a socket',
    (paths) => void writeLock(paths, lockRecord(paths, process.pid, young())),
    'starting',
    'STILL_STARTING',
    /still starting/,
  ],
  [
    'an old lock without a socket',
    (paths) => void writeLock(paths, lockRecord(paths, process.pid)),
    'silent',
    'CONTROL_UNREACHABLE',
    /not responding, pid \d+/,
  ],
  [
    'a lock with a broken date',
    (paths) => void writeLock(paths, lockRecord(paths, process.pid, { createdAt: 'x' })),
    'silent',
    'CONTROL_UNREACHABLE',
    /not responding/,
  ],
  [
    'a socket that says nothing',
    (paths) => (writeLock(paths, lockRecord(paths, process.pid)), fakeControl(paths.controlPath, () => undefined)),
    'silent',
    'CONTROL_UNREACHABLE',
    /not responding, pid \d+/,
  ],
  [
    'a socket in a directory that others may write to',
    async (paths) => {
      writeLock(paths, lockRecord(paths, process.pid));
      await fakeControl(paths.controlPath, answers(sampleStatus));
      chmodSync(dirname(paths.controlPath), 0o777);
    },
    'silent',
    'CONTROL_UNREACHABLE',
    /cannot be trusted: others may write to its directory$/,
  ],
  [
    'a socket that says nothing and no lock',
    (paths) => fakeControl(paths.controlPath, () => undefined),
    'silent',
    'CONTROL_UNREACHABLE',
    /does not answer/,
  ],
  [
    'the fresh lock of another machine',
    (paths) => void writeLock(paths, lockRecord(paths, process.pid, { machineId: 'other', bootId: 'other' })),
    'foreign',
    'CONTROL_UNREACHABLE',
    /another machine or container/,
  ],
  [
    'a lock of another machine that is renewed no more',
    (paths) => (
      writeLock(paths, lockRecord(paths, process.pid, { machineId: 'other', bootId: 'other' })),
      utimesSync(paths.lockPath, 0, 0)
    ),
    'absent',
    'NOT_RUNNING',
    /not running/,
  ],
  [
    'the lock of another container of this kernel, whose socket is dead',
    (paths) => void writeLock(paths, lockRecord(paths, process.pid, { pidNamespace: 'pid:[1]', machineId: 'other' })),
    'absent',
    'NOT_RUNNING',
    /not running/,
  ],
])('%s', async (...[_title, make, kind, code, message]) => {
  const paths = testPaths();
  await make(paths);
  const startedAt = performance.now();
  const location = await locateGateway(paths);
  expect(performance.now() - startedAt).toBeLessThan(3_000 + machineSlackMs());
  expect(location.kind).toBe(kind);
  if (location.kind === 'answers') throw new Error('nothing answers here');
  expect(unavailableError(location)).toMatchObject({ code, message: expect.stringMatching(message), hint: expect.stringMatching(/\S/) });
  await expect(requireGateway(paths)).rejects.toMatchObject({ code });
});
