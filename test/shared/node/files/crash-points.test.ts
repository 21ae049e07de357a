/** Some of the faults that test/torture/crash-points.test.ts tries at each call. */
import { expect, test } from 'vitest';
import { CrashPoints, faultWorld, noFaultsReason } from '../../../helpers/crash-points.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import * as config from '../../../torture/crash-points/config.js';
import * as lock from '../../../torture/crash-points/lock.js';

const reason = noFaultsReason();
/** Twenty-five processes, one after the other. */
const LIMIT_MS = 180_000;
const [, reclaim] = lock.operations;
const [set] = config.operations;

test.skipIf(reason !== undefined).each([
  { area: 'lock', operation: reclaim },
  { area: 'config', operation: set },
])(
  `a kill or a failing disk at a call of $operation.name${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  { timeout: LIMIT_MS },
  async ({ area, operation }) => {
    if (operation === undefined) throw new Error(`${area} has no operation`);
    const { violations } = await new CrashPoints(faultWorld(tempDir()), area, operation).runAll({ every: 10 });
    expect(violations).toEqual([]);
  },
);
