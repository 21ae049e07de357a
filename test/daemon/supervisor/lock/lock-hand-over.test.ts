import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inheritLock } from '../../../../daemon/supervisor/lock/gateway-lock.js';
import { readLock } from '../../../../shared/node/files/lock-record.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { lockWorld, ownRecord } from '../../../helpers/lock-world.js';

const held = expect.objectContaining({ code: 'LOCK_HELD' }) as Error;

describe('handed over to a successor', () => {
  test('it is the successor’s; ours is neither written nor removed any more', async () => {
    const { acquire, path, paths } = lockWorld();
    const lock = await acquire();
    lock.handOver();
    inheritLock(paths, ownRecord({ instanceId: 'gw_successor' }));
    lock.update({ port: 1 });
    lock.renew(0);
    lock.release();
    for (const file of [path, paths.dataLockPath]) expect(readLock(file)).toMatchObject({ instanceId: 'gw_successor' });
  });

  test.each([
    ['has not written it yet', ownRecord()],
    ['died with it', deadRecord({ instanceId: 'gw_successor' })],
    ['has given it up again', undefined],
  ])('it is taken back with what changed meanwhile when the successor %s', async (_what, left) => {
    const { acquire, path, deps } = lockWorld();
    const lock = await acquire();
    lock.handOver();
    lock.update({ children: [{ role: 'worker', pid: 7, startTime: '8' }] });
    if (left === undefined) rmSync(path);
    else writeFileSync(path, JSON.stringify(left));
    await lock.takeBack(deps);
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_own', children: [{ pid: 7 }] });
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test('a successor that was killed between the two writes leaves the lock of the configuration to us', async () => {
    const { acquire, path, paths, deps } = lockWorld();
    const lock = await acquire();
    lock.handOver();
    // The second write fails where the kill would come.
    const unwritable = { ...paths, lockPath: join(path, 'gateway.lock') };
    expect(() => inheritLock(unwritable, deadRecord({ instanceId: 'gw_successor' }))).toThrow('ENOTDIR');
    expect(readLock(paths.dataLockPath)).toMatchObject({ instanceId: 'gw_successor' });
    await expect(acquire({ instanceId: 'gw_other' })).rejects.toThrow(held);
    await lock.takeBack(deps);
    expect(readLock(paths.dataLockPath)).toMatchObject({ instanceId: 'gw_own' });
  });

  test('it is not taken from another start that was faster', async () => {
    const { acquire, path, deps } = lockWorld();
    const lock = await acquire();
    lock.handOver();
    writeFileSync(path, JSON.stringify(ownRecord({ instanceId: 'gw_other' })));
    await expect(lock.takeBack(deps)).rejects.toThrow(held);
    lock.release();
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_other' });
  });
});
