import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withFileLock } from '../../../../shared/node/files/file-lock.js';
import { readIdentity } from '../../../../shared/node/process/process-identity.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('sections run one after another, and the lock is gone afterwards', async () => {
  const path = join(tempDir(), 'lock');
  let inside = 0;
  const section = async (): Promise<void> => {
    inside += 1;
    expect(inside).toBe(1);
    await new Promise(setImmediate);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 10 }, () => withFileLock(path, section)));
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test('the lock is given up when the section fails', async () => {
  const path = join(tempDir(), 'lock');
  await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test('a lock whose owner is dead is taken over', async () => {
  const path = join(tempDir(), 'lock');
  writeFileSync(path, JSON.stringify({ ...readIdentity(), startTime: '1' }));
  expect(await withFileLock(path, () => Promise.resolve(readFileSync(path, 'utf8')))).toContain(`"pid":${process.pid}`);
  expect(readdirSync(join(path, '..'))).toEqual([]);
});

test.each([[''], ['not json'], ['{}']])("a lock with the content %j is nobody's", async (content) => {
  const path = join(tempDir(), 'lock');
  writeFileSync(path, content);
  expect(await withFileLock(path, () => Promise.resolve(1))).toBe(1);
});

test('a holder in another container, whose process cannot be looked at, keeps the lock for 90 s and not forever', async () => {
  const path = join(tempDir(), 'lock');
  writeFileSync(path, JSON.stringify({ ...readIdentity(), pidNamespace: 'pid:[1]', instanceId: 'theirs' }));
  await expect(withFileLock(path, () => Promise.resolve(1), { waitMs: 0 })).rejects.toMatchObject({ code: 'CONFLICT' });
  utimesSync(path, new Date(), new Date(Date.now() - 91_000));
  expect(await withFileLock(path, () => Promise.resolve(1))).toBe(1);
});

test('a living owner is waited for, and named when it keeps the lock', async () => {
  const path = join(tempDir(), 'lock');
  const held = JSON.stringify({ ...readIdentity(), nonce: 'theirs' });
  writeFileSync(path, held);
  await expect(withFileLock(path, () => Promise.resolve(1), { waitMs: 50 })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining(`process ${process.pid}`),
  });
  expect(readFileSync(path, 'utf8')).toBe(held);
  expect(readdirSync(join(path, '..'))).toEqual(['lock']);
});
