import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findSession } from '../../../daemon/worker/store/conversations/sessions.js';
import { fakeControl, frame } from '../../fakes/control-socket.js';
import { runCommand } from '../../helpers/command-line.js';
import { lockRecord, testPaths } from '../../helpers/lock-file.js';
import { addSession, openStore, session } from '../../helpers/open-store.js';
import { gateway } from '../../helpers/recorded-start.js';
import { tempDir } from '../../helpers/temp-dir.js';

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

test('a database alone is restored, and configuration and token stay', async () => {
  const paths = testPaths();
  await runCommand(['gateway', 'token'], { home: paths.home });
  writeFileSync(paths.configPath, '{ "gateway": { "port": 18999 } }');
  await (await openStore({ path: paths.databasePath })).close();
  const aside = join(tempDir(), 'gateway.db.replaced-20261126T101500Z');
  const other = await openStore({ path: aside });
  await addSession(other, 'kept');
  await other.close();
  const token = readFileSync(paths.tokenPath, 'utf8');
  expect(await runCommand(['restore', aside], { home: paths.home })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('restored: config.json, token, gateway.db') as string,
  });
  const store = await openStore({ path: paths.databasePath });
  expect(await store.read((tx) => findSession(tx, session('kept').key))).toBeDefined();
  expect(readFileSync(paths.tokenPath, 'utf8')).toBe(token);
  expect(readFileSync(paths.configPath, 'utf8')).toContain('18999');
});
