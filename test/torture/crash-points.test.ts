/**
 * Killed, or failing, at each file-system call of each operation that must survive it. CRASH_POINTS_EVERY=7 tries each seventh call only,
 * CRASH_POINTS_AT=12,13 these two; a run with `-t lock` tries one area.
 */
import { describe, expect, test } from 'vitest';
import { CrashPoints, faultWorld, noFaultsReason } from '../helpers/crash-points.js';
import { tempDir } from '../helpers/temp-dir.js';
import * as backup from './crash-points/backup.js';
import * as config from './crash-points/config.js';
import * as lock from './crash-points/lock.js';
import * as log from './crash-points/log.js';
import * as secrets from './crash-points/secrets.js';
import * as store from './crash-points/store.js';

const reason = noFaultsReason();
const every = Number(process.env['CRASH_POINTS_EVERY'] ?? 1);
const at = process.env['CRASH_POINTS_AT']?.split(',').map(Number);
const LIMIT_MS = 3_600_000;

describe.skipIf(reason !== undefined).each(Object.entries({ lock, config, secrets, log, store, backup }))(
  `%s${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  (area, { operations }) => {
    test.each(operations)('$name', { timeout: LIMIT_MS }, async (operation) => {
      const { calls, runs, violations } = await new CrashPoints(faultWorld(tempDir()), area, operation).runAll({ every, at });
      const counts = `${operation.name}: ${calls} calls, ${runs} runs, ${violations.length} violations`;
      process.stdout.write(`${[counts, ...violations].join('\n')}\n`);
      expect(violations).toEqual([]);
    });
  },
);
