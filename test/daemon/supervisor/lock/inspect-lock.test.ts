import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { lockAgeMs, lookAtLock } from '../../../../daemon/supervisor/lock/inspect-lock.js';
import { asAnotherUser } from '../../../helpers/as-another-user.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const lockPath = (): string => join(tempDir(), 'gateway.lock');

test('the same state has the same key, another one another, and what it says belongs to it', () => {
  const path = lockPath();
  expect(lookAtLock(path)).toBe('absent');
  const keys = [deadRecord(), deadRecord({ port: 1 }), deadRecord()].map((record) => {
    writeFileSync(path, JSON.stringify(record));
    const look = lookAtLock(path);
    expect(look).toMatchObject({ lock: record });
    return look === 'absent' ? '' : look.key;
  });
  expect(keys[0]).toMatch(/^[0-9a-f]{16}$/);
  expect(keys[2]).toBe(keys[0]);
  expect(keys[1]).not.toBe(keys[0]);
});

test.skipIf(process.platform === 'win32')('a pipe in its place holds nobody up', () => {
  const path = lockPath();
  execFileSync('mkfifo', [path]);
  expect(lookAtLock(path)).toMatchObject({ lock: { unreadable: 'not a regular file' } });
});

test.skipIf(process.platform === 'win32')('the lock of another user is said to be his, not taken for a damaged one', async () => {
  const path = lockPath();
  writeFileSync(path, JSON.stringify(deadRecord()));
  chmodSync(dirname(path), 0o755);
  chmodSync(path, process.geteuid?.() === 0 ? 0o600 : 0o000);
  await asAnotherUser(() => {
    expect(() => lookAtLock(path)).toThrow(expect.objectContaining({ code: 'LOCK_HELD', details: { uid: process.getuid?.() } }) as Error);
  });
});

test('a lock that is gone is infinitely old', () => {
  const path = lockPath();
  expect(lockAgeMs(path, Date.now())).toBe(Infinity);
  writeFileSync(path, '');
  expect(Math.abs(lockAgeMs(path, Date.now()))).toBeLessThan(5_000);
});
