import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createOverviewService } from '../../../../daemon/worker/observe/overview.js';
import { systemClock } from '../../../../shared/clock.js';
import { overviewResponse } from '../../../../shared/api/gateway/overview.js';
import { openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';

test('the overview counts what waits and what is used, in its documented shape', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const store = await openStore({ path });
  const overview = createOverviewService({ store, clock: systemClock, databasePath: path });
  await overview.read();
  const read = await overview.read();
  expect(overviewResponse().parse({ status: 'ok', ...read })).toMatchObject({ outbox: {} });
  // All of a new database is still in its log.
  expect(read.databaseBytes).toBe(statSync(path).size + statSync(`${path}-wal`).size);
  expect(read.databaseBytes).toBeGreaterThan(statSync(path).size);
  expect(read.disk?.freeBytes).toBeGreaterThan(0);
  expect(read.memoryBytes.rss).toBeGreaterThan(read.memoryBytes.heapUsed);
});

test('where the database is not there, what is not known is null', async () => {
  const path = join(tempDir(), 'state', 'gateway.db');
  const store = await openStore({ path });
  rmSync(dirname(path), { recursive: true });
  const read = await createOverviewService({ store, clock: systemClock, databasePath: path }).read();
  expect([read.disk, read.databaseBytes]).toEqual([null, null]);
});
