import { readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readLeaseOwner } from '../../../../../daemon/worker/store/leases.js';
import { MIGRATIONS } from '../../../../../daemon/worker/store/migrations/index.js';
import { openSqlite } from '../../../../../daemon/worker/store/sqlite/open.js';
import { tempDir } from '../../../../helpers/temp-dir.js';
import { claimLease } from '../../../../helpers/claim-lease.js';

test('closing waits for the transaction under way', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const database = await openSqlite(path, MIGRATIONS);
  const writing = database.transaction(claimLease('a'));
  await database.close();
  expect(await writing).toBe(true);
  const again = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => again.close());
  expect(await readLeaseOwner(again.reader, 'a')).toBe('me');
});

test('transactions that are begun at the same time take turns', async () => {
  const database = await openSqlite(join(tempDir(), 'state', 'gateway.db'), MIGRATIONS);
  onTestFinished(() => database.close());
  const failing = database.transaction(() => Promise.reject(new Error('changed my mind')));
  const writing = [database.transaction(claimLease('a')), database.contract(), database.transaction(claimLease('b'))];
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await Promise.all(writing)).toEqual([true, undefined, true]);
});

test('a copy that a killed process left where a link leads is removed, unless another worker may be making it', async () => {
  const [directory, disk] = [tempDir(), tempDir()];
  const path = join(directory, 'gateway.db');
  await (await openSqlite(join(disk, 'big.db'), MIGRATIONS)).close();
  symlinkSync(join(disk, 'big.db'), path);
  const left = join(disk, '.big.db.12345.0123456789ab.tmp');
  for (const suffix of ['', '-journal']) {
    writeFileSync(left + suffix, 'half');
    utimesSync(left + suffix, 1, 1);
  }
  const names = (): string[] => readdirSync(disk).filter((name) => name.startsWith('.'));
  const first = await openSqlite(path, MIGRATIONS);
  onTestFinished(() => first.close());
  expect(names()).toEqual([]);
  writeFileSync(left, 'half');
  utimesSync(left, 1, 1);
  await (await openSqlite(path, MIGRATIONS, { isAlone: false })).close();
  expect(names()).toHaveLength(1);
});
