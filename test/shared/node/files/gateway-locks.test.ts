import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { locateDataUser } from '../../../../client/gateway/locate-gateway.js';
import { acquireGatewayLock } from '../../../../daemon/supervisor/lock/gateway-lock.js';
import { copiedLockError } from '../../../../shared/node/files/gateway-locks.js';
import type { LockRecord } from '../../../../shared/node/files/lock-record.js';
import { answers, fakeControl, sampleStatus } from '../../../fakes/control-socket.js';
import { lockRecord, testPaths } from '../../../helpers/lock-file.js';
import { lockWorld, ownRecord } from '../../../helpers/lock-world.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** A home whose gateway runs, with its data lock. */
function usedHome(change: Partial<LockRecord> = {}) {
  const home = join(tempDir(), 'k1');
  mkdirSync(home);
  const paths = testPaths(home);
  writeFileSync(paths.dataLockPath, JSON.stringify(lockRecord(paths, process.pid, change)));
  return { home, paths, copy: join(home, '..', 'k2') };
}

const locksOf = (paths: ReturnType<typeof testPaths>) => ({ lockPath: join(tempDir(), 'gateway.lock'), dataLockPath: paths.dataLockPath });

test('a copied home is refused while the original runs, with the lock in the way and how to remove it', async () => {
  const { home, paths, copy } = usedHome();
  await fakeControl(paths.controlPath, answers(sampleStatus));
  cpSync(home, copy, { recursive: true, filter: (source) => source !== paths.runDir });
  const copied = testPaths(copy);
  const before = readFileSync(copied.dataLockPath);
  const refusal = {
    code: 'LOCK_HELD',
    message: expect.stringContaining(
      `${copy} contains the lock of the gateway that runs with ${home} (${paths.configPath}, pid ${process.pid})`,
    ) as string,
    hint: expect.stringContaining(
      `If it is a copy, and that gateway does not use it, remove the copied lock: rm ${copied.dataLockPath}`,
    ) as string,
  };
  const { deps, swept } = lockWorld();
  await expect(acquireGatewayLock(locksOf(copied), ownRecord(), deps)).rejects.toMatchObject(refusal);
  // A restore would ask the other gateway to replace files that only the copy has.
  await expect(locateDataUser(copied)).rejects.toMatchObject(refusal);
  expect([readFileSync(copied.dataLockPath), swept]).toEqual([before, []]);
});

test('a copy is taken over as soon as the original has ended', async () => {
  const { home, copy } = usedHome({ startTime: '1' });
  cpSync(home, copy, { recursive: true });
  const copied = testPaths(copy);
  await acquireGatewayLock(locksOf(copied), ownRecord(), lockWorld().deps);
  expect(await locateDataUser(testPaths(home))).toMatchObject({ kind: 'absent' });
});

test.each<[string, (used: ReturnType<typeof usedHome>) => string]>([
  ['the directory itself', ({ home }) => home],
  ['another path of it', ({ home, copy }) => (symlinkSync(home, copy), copy)],
  ['a moved one, whose path is gone', ({ home, copy }) => (renameSync(home, copy), copy)],
  [
    'one whose recorded path is that of a directory without this lock, as of a container',
    ({ home, copy }) => {
      renameSync(home, copy);
      mkdirSync(home);
      writeFileSync(join(home, 'data.lock'), JSON.stringify(ownRecord()));
      return copy;
    },
  ],
])('%s does not look like a copy', async (_title, place) => {
  const paths = testPaths(place(usedHome()));
  expect(copiedLockError(paths.dataLockPath)).toBeUndefined();
  await expect(acquireGatewayLock(locksOf(paths), ownRecord(), lockWorld().deps)).rejects.toThrow(/a gateway already runs/);
});
