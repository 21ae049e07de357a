import { execFileSync } from 'node:child_process';
import { chmodSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { isHolderAlive } from '../../../../shared/node/files/lock.js';
import { inspectLock, lockAgeMs } from '../../../../shared/node/files/lock-record.js';
import { readIdentity } from '../../../../shared/node/process/process-identity.js';
import { asAnotherUser } from '../../../helpers/as-another-user.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const lockPath = (): string => join(tempDir(), 'gateway.lock');

test('the same content has the same bytes, another one others, and the record belongs to them', () => {
  const path = lockPath();
  expect(inspectLock(path)).toBe('absent');
  const contents = [deadRecord(), deadRecord({ port: 1 }), deadRecord()].map((record) => {
    writeFileSync(path, JSON.stringify(record));
    const state = inspectLock(path);
    expect(state).toMatchObject({ lock: record });
    return state === 'absent' ? Buffer.alloc(0) : state.bytes;
  });
  expect(contents[2]?.equals(contents[0] ?? Buffer.alloc(0))).toBe(true);
  expect(contents[1]?.equals(contents[0] ?? Buffer.alloc(0))).toBe(false);
});

test.skipIf(process.platform === 'win32')('a pipe in its place holds nobody up', () => {
  const path = lockPath();
  execFileSync('mkfifo', [path]);
  expect(inspectLock(path)).toMatchObject({ lock: { unreadable: 'not a regular file' } });
});

test.skipIf(process.platform === 'win32')('the lock of another user is said to be his, not taken for a damaged one', async () => {
  const path = lockPath();
  writeFileSync(path, JSON.stringify(deadRecord()));
  chmodSync(dirname(path), 0o755);
  chmodSync(path, process.geteuid?.() === 0 ? 0o600 : 0o000);
  await asAnotherUser(() => {
    expect(() => inspectLock(path)).toThrow(expect.objectContaining({ code: 'LOCK_HELD', details: { uid: process.getuid?.() } }) as Error);
  });
});

test('a lock that is gone is infinitely old', () => {
  const path = lockPath();
  expect(lockAgeMs(path, Date.now())).toBe(Infinity);
  writeFileSync(path, '');
  expect(Math.abs(lockAgeMs(path, Date.now()))).toBeLessThan(5_000);
});

test('a holder of this machine is alive by its process, whatever the age of its file', () => {
  const path = lockPath();
  const living = deadRecord(readIdentity());
  expect(isHolderAlive(path, living, { limitMs: 0, nowMs: Date.now() })).toBe(true);
  expect(isHolderAlive(path, { ...living, startTime: '1' }, { limitMs: 1e9, nowMs: Date.now() })).toBe(false);
});

test.each([
  [0, true],
  [14_000, true],
  [15_000, false],
])('a holder on another machine whose file is %i ms old is alive within 15 s: %s', (ageMs, isAlive) => {
  const path = lockPath();
  const nowMs = Date.UTC(2026, 2, 1);
  writeFileSync(path, '{}');
  utimesSync(path, nowMs / 1000, (nowMs - ageMs) / 1000);
  const elsewhere = deadRecord({ ...readIdentity(), machineId: 'ffffffffffffffff', bootId: 'other' });
  expect(isHolderAlive(path, elsewhere, { limitMs: 15_000, nowMs })).toBe(isAlive);
});
