import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLock } from '../../../../shared/node/files/lock-record.js';
import { buildFixture } from '../../../helpers/fixture-process.js';
import { deadRecord, LockTaker } from '../../../helpers/lock-takers.js';
import { lockWorld, ownRecord } from '../../../helpers/lock-world.js';

const held = expect.objectContaining({ code: 'LOCK_HELD' }) as Error;

describe('a free lock', () => {
  test('is taken with the whole record, for this user alone, and nothing else is left', async () => {
    const { acquire, path, directory } = lockWorld();
    await acquire();
    expect(readLock(path)).toEqual(ownRecord());
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['gateway.lock']);
  });

  test('is taken past what starts left that were killed: old temporary files and claims', async () => {
    const { acquire, directory, path } = lockWorld();
    const old = join(directory, '.gateway.lock.4711.0123456789ab.tmp');
    const fresh = join(directory, '.gateway.lock.4712.0123456789ab.tmp');
    for (const name of [old, fresh, `${path}.reclaim.0123456789abcdef.1`]) writeFileSync(name, '{}');
    utimesSync(old, 1, 1);
    await acquire();
    expect(readdirSync(directory).toSorted()).toEqual(['.gateway.lock.4712.0123456789ab.tmp', 'gateway.lock']);
  });
});

describe('a lock whose holder lives', () => {
  test('is refused with who holds it, and stays untouched', async () => {
    const { acquire, path } = lockWorld();
    await acquire({ instanceId: 'gw_first', port: 4711 });
    await expect(acquire({ instanceId: 'gw_second' })).rejects.toMatchObject({
      code: 'LOCK_HELD',
      message: expect.stringContaining(`pid ${process.pid} on port 4711`) as string,
      details: { pid: process.pid, port: 4711, instanceId: 'gw_first', configPath: '/nowhere/config.json' },
    });
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_first' });
  });

  test('is free for the next start as soon as its holder has been killed', async () => {
    const script = buildFixture('lock-taker');
    const holder = await LockTaker.start(script);
    const { acquire, path } = lockWorld();
    await holder.take({ path });
    await expect(acquire()).rejects.toThrow(held);
    await holder.kill();
    await acquire();
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_own' });
  });
});

describe('a lock whose holder is gone', () => {
  test('is taken over: its children are ended before, it is said once, and no claim stays', async () => {
    const { acquire, path, directory, swept, logged } = lockWorld();
    const dead = deadRecord({ children: [{ role: 'worker', pid: 4711, startTime: '1' }] });
    writeFileSync(path, JSON.stringify(dead));
    await acquire();
    expect(swept).toEqual([dead]);
    expect(logged).toEqual(['took over the lock of a dead gateway']);
    expect(readdirSync(directory)).toEqual(['gateway.lock']);
  });

  test('with our own pid in it, of an earlier life of a container, is taken over, too', async () => {
    const { acquire, path } = lockWorld();
    writeFileSync(path, JSON.stringify(deadRecord({ pid: process.pid })));
    await acquire();
    expect(readLock(path)).toMatchObject({ pid: process.pid, instanceId: 'gw_own' });
  });

  test('is left alone when somebody else has taken it while its children were being ended', async () => {
    const other = ownRecord({ instanceId: 'gw_other' });
    const { acquire, path, directory } = lockWorld({ sweep: () => Promise.resolve(writeFileSync(path, JSON.stringify(other))) });
    writeFileSync(path, JSON.stringify(deadRecord()));
    await expect(acquire()).rejects.toThrow(held);
    expect(readLock(path)).toEqual(other);
    expect(readdirSync(directory)).toEqual(['gateway.lock']);
  });

  test('is not taken twice: a start that lives and is at it keeps others out, and names itself', async () => {
    const script = buildFixture('lock-taker');
    const first = await LockTaker.start(script);
    const { acquire, path } = lockWorld();
    writeFileSync(path, JSON.stringify(deadRecord()));
    expect(await first.take({ path, mode: 'freeze' })).toMatchObject({ type: 'frozen' });
    await expect(acquire()).rejects.toMatchObject({ code: 'LOCK_HELD', details: { pid: first.pid } });
  });

  test('is taken by the next start when one after the other is killed in the middle of it', async () => {
    const script = buildFixture('lock-taker');
    const { acquire, path, directory } = lockWorld();
    writeFileSync(path, JSON.stringify(deadRecord()));
    for (let killed = 0; killed < 3; killed += 1) {
      const starter = await LockTaker.start(script);
      expect(await starter.take({ path, mode: 'freeze' })).toMatchObject({ type: 'frozen' });
      await starter.kill();
    }
    expect(readdirSync(directory).filter((name) => name.includes('.reclaim.'))).toHaveLength(3);
    await acquire();
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_own' });
    // Temporary files of the killed are theirs until they are old.
    expect(readdirSync(directory).filter((name) => !name.startsWith('.'))).toEqual(['gateway.lock']);
  });
});

describe('a lock that cannot be read', () => {
  test.each([
    ['a text that is no JSON', (path: string) => writeFileSync(path, 'pid 4711')],
    ['a record without a pid', (path: string) => writeFileSync(path, '{"host":"x"}')],
    ['an empty file', (path: string) => writeFileSync(path, '')],
    ['a far too long file', (path: string) => writeFileSync(path, Buffer.alloc(70_000, 0x20))],
  ])('%s is taken over, and a copy kept', async (_what, write) => {
    const { acquire, path } = lockWorld();
    write(path);
    const before = readFileSync(path);
    await acquire();
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_own' });
    expect(readFileSync(`${path}.bad`).equals(before)).toBe(true);
  });

  test('a symlink, dangling or not, is taken over as itself, not followed', async () => {
    const { acquire, path, directory } = lockWorld();
    symlinkSync(join(directory, 'elsewhere'), path);
    await acquire();
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_own' });
    expect(existsSync(join(directory, 'elsewhere'))).toBe(false);
  });

  test('is refused where a gateway answers on the control socket, by what it says', async () => {
    const living = { instanceId: 'gw_living', pid: 4711, port: 4712, host: '0.0.0.0', configPath: '/c' };
    const { acquire, path } = lockWorld({ probe: () => Promise.resolve(living) });
    writeFileSync(path, 'damaged');
    await expect(acquire()).rejects.toMatchObject({ code: 'LOCK_HELD', details: living });
    expect(readFileSync(path, 'utf8')).toBe('damaged');
  });

  test('a directory in its place is said to be one', async () => {
    const { acquire, path } = lockWorld();
    mkdirSync(path);
    await expect(acquire()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(path) as string });
  });
});

describe('our lock', () => {
  test('can be rewritten, and is never half a record', async () => {
    const { acquire, path, directory } = lockWorld();
    const lock = await acquire();
    lock.update({ port: 1 });
    lock.update({ children: [{ role: 'worker', pid: 5, startTime: '6' }] });
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_own', port: 1, children: [{ pid: 5 }] });
    expect(readdirSync(directory)).toEqual(['gateway.lock']);
  });

  test('is renewed by its time, and comes back where it was deleted', async () => {
    const { acquire, path } = lockWorld();
    const lock = await acquire();
    lock.renew(1_000_000);
    expect(statSync(path).mtimeMs).toBe(1_000_000);
    rmSync(path);
    lock.renew(2_000_000);
    expect(readLock(path)).toEqual(ownRecord());
  });

  test('is removed when it is given up, once', async () => {
    const { acquire, path } = lockWorld();
    const lock = await acquire();
    lock.release();
    expect(existsSync(path)).toBe(false);
    await acquire({ instanceId: 'gw_next' });
    lock.release();
    lock.update({ port: 1 });
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_next' });
  });

  test('is not removed where it is somebody else’s by now', async () => {
    const { acquire, path } = lockWorld();
    const lock = await acquire();
    writeFileSync(path, JSON.stringify(ownRecord({ instanceId: 'gw_thief' })));
    lock.release();
    expect(readLock(path)).toMatchObject({ instanceId: 'gw_thief' });
  });
});

describe('the lock of the data', () => {
  test('has the same record, and is rewritten, renewed and removed with the other', async () => {
    const { acquire, paths } = lockWorld();
    const lock = await acquire();
    lock.update({ port: 1 });
    expect(readLock(paths.dataLockPath)).toEqual(readLock(paths.lockPath));
    rmSync(paths.dataLockPath);
    lock.renew(1_000_000);
    lock.renew(2_000_000);
    expect(statSync(paths.dataLockPath).mtimeMs).toBe(2_000_000);
    lock.release();
    expect([paths.lockPath, paths.dataLockPath].map((path) => existsSync(path))).toEqual([false, false]);
  });

  test('of a killed gateway of another configuration is taken over once its children are ended', async () => {
    const { acquire, paths, swept, logged } = lockWorld();
    const dead = deadRecord({ configPath: '/elsewhere/config.json' });
    writeFileSync(paths.dataLockPath, JSON.stringify(dead));
    await acquire();
    expect(swept).toEqual([dead]);
    expect(logged).toEqual(['took over the lock of a dead gateway']);
  });

  test('that is held keeps the start out, which gives the lock of the configuration back', async () => {
    const { acquire, paths } = lockWorld();
    writeFileSync(paths.dataLockPath, JSON.stringify(ownRecord({ instanceId: 'gw_other', configPath: '/elsewhere/config.json' })));
    await expect(acquire()).rejects.toThrow(held);
    expect(existsSync(paths.lockPath)).toBe(false);
    expect(readLock(paths.dataLockPath)).toMatchObject({ instanceId: 'gw_other' });
  });

  test('of the same killed gateway is named once', async () => {
    const { acquire, paths, logged } = lockWorld();
    for (const path of [paths.lockPath, paths.dataLockPath]) writeFileSync(path, JSON.stringify(deadRecord()));
    await acquire();
    expect(logged).toEqual(['took over the lock of a dead gateway']);
  });
});
