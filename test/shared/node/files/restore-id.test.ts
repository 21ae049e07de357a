import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRestoreId, newRestoreId } from '../../../../shared/node/files/restore-journal.js';
import { testPaths } from '../../../helpers/lock-file.js';

test.each([
  { kept: [], expected: '20261124T192403Z' },
  { kept: ['20261124T192402Z-ffffff'], expected: '20261124T192403Z' },
  // As long as the clock says the same, or an earlier time, each is a second later than the one before.
  { kept: ['20261124T192403Z-ffffff'], expected: '20261124T192404Z' },
  { kept: ['20251124T000000Z-000000', '20270228T235959Z-000000'], expected: '20270301T000000Z' },
])('the id of a new restore is the newest of all: after $kept, $expected', ({ kept, expected }) => {
  const paths = testPaths();
  for (const id of kept) mkdirSync(join(paths.stateDir, 'replaced', id), { recursive: true });
  const id = newRestoreId(paths, Date.UTC(2026, 10, 24, 19, 24, 3, 500));
  expect(id.split('-')[0]).toBe(expected);
  expect(isRestoreId(id)).toBe(true);
});
