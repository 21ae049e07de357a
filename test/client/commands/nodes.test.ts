import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const message = 'the database is not available';

test.each([
  ['whose worker is ready has a file of its own', {}, { code: 0, stderr: expect.stringContaining('a file of its own') }],
  [
    'whose database is unavailable does not know',
    { nodes: [], warnings: [{ code: 'STORE_UNAVAILABLE', message, hint: 'Start it' }] },
    { code: 1, stderr: `xopc: ${message}\n  Start it\n` },
  ],
  [
    'whose worker is not ready does not know',
    { ready: false, state: 'backoff' },
    { code: 1, stderr: expect.stringContaining('(backoff)') },
  ],
])('a gateway without nodes %s', async (_title, change, expected) => {
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, ...change }));
  expect(await runCommand(['gateway', 'nodes'], { home: paths.home })).toMatchObject({ stdout: '', ...expected });
});
