import { expect, test } from 'vitest';
import { refuseCompetitor } from '../../../client/gateway/start-checks.js';
import { startProgram } from '../../helpers/child-program.js';
import { lockRecord, testPaths, writeLock } from '../../helpers/lock-file.js';

const later = new Date(Date.now() + 3_600_000).toISOString();

test.runIf(process.platform === 'linux')(
  'a gateway whose clock was ahead at its start is not taken for one that was started after this command',
  () => {
    const paths = testPaths();
    // The first process of the system is older than any command.
    const former = writeLock(paths, lockRecord(paths, 1, { createdAt: later }));
    expect(() => refuseCompetitor(later, former, paths)).not.toThrow();
    expect(() => refuseCompetitor(later, { ...former, instanceId: 'gw_2' }, paths)).toThrow('already runs');
  },
);

test('a gateway that was started after this command is left alone', async () => {
  const paths = testPaths();
  const { pid } = await startProgram("console.log('ready'); setInterval(() => {}, 1e6)");
  const competitor = writeLock(paths, lockRecord(paths, pid, { createdAt: later }));
  expect(() => refuseCompetitor(later, competitor, paths)).toThrow('already runs');
});
