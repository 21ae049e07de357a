import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectLock, readLock, type LockRecord } from '../../../../shared/node/files/lock-record.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const record: LockRecord = {
  pid: 4242,
  createdAt: '2026-01-02T03:04:05.000Z',
  configPath: '/home/u/.xopc/config.json',
  startTime: '987654',
  bootId: 'b',
  pidNamespace: 'pid:[1]',
  machineId: 'm',
  instanceId: 'gw_1',
  host: '0.0.0.0',
  port: 18_790,
  controlPath: '/run/x.sock',
  version: '0.1.0',
  home: '/home/u/.xopc',
  dataDir: '/home/u/.xopc',
  children: [{ role: 'worker', pid: 4243, startTime: '987655' }],
};

function fileWith(content: string | Buffer): string {
  const path = join(tempDir(), 'gateway.lock');
  writeFileSync(path, content);
  return path;
}

const lockWith = (content: string): LockRecord | undefined => readLock(fileWith(content));

function expectUnreadable(path: string): void {
  expect(inspectLock(path)).toMatchObject({ lock: { unreadable: expect.stringMatching(/\S/) as string } });
  expect(readLock(path)).toBeUndefined();
}

test('a record is read as it was written', () => {
  expect(lockWith(JSON.stringify(record))).toEqual(record);
});

test('unknown fields of a newer version are left out', () => {
  expect(lockWith(JSON.stringify({ ...record, lease: 5 }))).toEqual(record);
});

test('a record of four fields is read, the rest is empty', () => {
  const lock = lockWith('{"pid":7,"createdAt":"2026-01-01T00:00:00.000Z","configPath":"/c","startTime":123}');
  expect(lock).toMatchObject({ pid: 7, startTime: '123', bootId: null, instanceId: '', port: 0, children: [] });
});

test('children that are none are left out, and a flood of them is cut', () => {
  const bad = [null, 1, {}, { role: 'x', pid: 1 }, { role: 'worker', pid: -1 }, { role: 'worker', pid: '5' }];
  expect(lockWith(JSON.stringify({ ...record, children: bad }))).toMatchObject({ children: [] });
  const many = Array.from({ length: 1_000 }, () => ({ role: 'worker', pid: 1, startTime: null }));
  expect((lockWith(JSON.stringify({ ...record, children: many })) as LockRecord).children).toHaveLength(256);
});

test.each([
  ['empty', ''],
  ['not JSON', '{"pid": 1'],
  ['no object', '[1]'],
  ['null', 'null'],
  ['no pid', '{}'],
  ['a pid that is text', '{"pid":"1"}'],
  ['a negative pid', '{"pid":-1}'],
  ['a pid beyond integers', '{"pid":1e300}'],
  ['bytes', Buffer.from([0xff, 0xfe, 0x00])],
  ['more than any record has', 'x'.repeat(70_000)],
])('%s is unreadable, with a reason', (_title, content) => {
  expectUnreadable(fileWith(content));
});

test('a file that is not there is absent, also below a file', () => {
  const directory = tempDir();
  writeFileSync(join(directory, 'file'), '');
  for (const path of [join(directory, 'nothing'), join(directory, 'file', 'lock')]) {
    expect(inspectLock(path)).toBe('absent');
    expect(readLock(path)).toBeUndefined();
  }
});

test('a directory in its place is an error, and no record', () => {
  const path = join(tempDir(), 'lock');
  mkdirSync(path);
  expect(() => inspectLock(path)).toThrow('a directory is in the place of the lock');
  expect(readLock(path)).toBeUndefined();
});

test.runIf(process.platform !== 'win32')('a FIFO in its place does not block', () => {
  const path = join(tempDir(), 'lock');
  execFileSync('mkfifo', [path]);
  expectUnreadable(path);
});
