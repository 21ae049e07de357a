import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeControl, frame } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths } from '../../helpers/lock-file.js';
import { gateway } from '../../helpers/recorded-start.js';

test('a gateway that uses the data under another path is asked to restore', async () => {
  const paths = testPaths();
  const file = join(paths.home, 'backup.tar.gz');
  await runCommand(['gateway', 'token'], { home: paths.home });
  expect(await runCommand(['backup', file], { home: paths.home })).toMatchObject({ code: 0 });
  const elsewhere = testPaths(paths.home, 'mounted-elsewhere.json');
  writeFileSync(paths.dataLockPath, JSON.stringify(lockRecord(elsewhere, process.pid)));
  const answer = gateway({}, (socket, request) => {
    socket.write(frame(request, { type: 'result', result: { replaced: '/kept' } }));
  });
  const { requests } = await fakeControl(elsewhere.controlPath, answer);
  expect(await runCommand(['restore', file], { home: paths.home })).toMatchObject({ code: 0, stdout: expect.stringContaining('/kept') });
  expect(requests.map(({ type }) => type)).toEqual(['status', 'status', 'restore']);
});
