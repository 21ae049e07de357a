/** A state that a restore has kept is restored unchanged once; then it has been in use, like that of a backup. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { beforeEach, expect, test } from 'vitest';
import { stageRestore } from '../../../client/backup/stage-restore.js';
import * as database from '../../../daemon/worker/lazy/database.js';
import { insertOutboxMessages } from '../../../daemon/worker/store/delivery/outbox.js';
import { finishRestores } from '../../../shared/node/files/restore-journal.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { type CommandOutcome, runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { openStore } from '../../helpers/open-store.js';

let paths: GatewayPaths;
/** The kept state, with a queued message. */
let kept: string;
beforeEach(async () => {
  paths = testPaths();
  const store = await openStore({ path: paths.databasePath });
  await run('backup', join(paths.home, 'backup.tar.gz'));
  const message = { id: 'msg_1', channel: 'webhook', accountId: 'a', chatId: '1', content: 'hi', bodies: ['hi'] };
  await store.write((tx) => insertOutboxMessages(tx, [{ ...message, nowMs: 1_000, expiresAtMs: 9_000 }]));
  await store.close();
  kept = await restore(join(paths.home, 'backup.tar.gz'));
});

const run = (...args: string[]): Promise<CommandOutcome> => runCommand(args, { home: paths.home });

async function restore(...args: string[]): Promise<string> {
  const { stdout } = await run('restore', ...args, '--json');
  return (JSON.parse(stdout) as { replaced: string }).replaced;
}

function stateOfMessage(): unknown {
  const opened = new Database(paths.databasePath);
  try {
    return opened.prepare('select state from outbox_messages').get();
  } finally {
    opened.close();
  }
}

test('a second time, what it had queued is not sent, unless that is asked for', async () => {
  await run('restore', kept, '--check');
  await restore(kept);
  expect(stateOfMessage()).toMatchObject({ state: 'queued' });
  const { stderr, stdout } = await run('restore', kept);
  expect(stderr).toContain('What this state had queued may have been sent since ');
  expect(stdout).toContain('restored: gateway.db');
  expect(stateOfMessage()).toMatchObject({ state: 'unknown' });
  await restore(kept, '--send-queued');
  expect(stateOfMessage()).toMatchObject({ state: 'queued' });
});

test('what a restored backup has sent is not sent again by the state that it replaced', async () => {
  await restore(kept);
  const file = join(paths.home, 'stopped.tar.gz');
  await run('backup', file);
  const replaced = await restore(file, '--send-queued');
  expect(stateOfMessage()).toMatchObject({ state: 'queued' });
  expect((await run('restore', replaced)).stderr).toContain('What this state had queued may have been sent since ');
  expect(stateOfMessage()).toMatchObject({ state: 'unknown' });
});

test('a restore of it that was killed counts once the next start has finished it, also where it is gone', async () => {
  for (const isGone of [false, true]) {
    const runtime = { cleanAtSignal: () => () => undefined };
    const options = { runtime, paths, database, source: kept, unsettled: undefined, nowMs: Date.now(), onProgress: () => undefined };
    const { id } = await stageRestore(options);
    const journal = join(paths.stateDir, 'restore', id, 'journal.json');
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('"staged"', '"applying"'));
    if (isGone) rmSync(kept, { recursive: true });
    else expect(existsSync(join(kept, 'restored'))).toBe(false);
    expect(await finishRestores(paths)).toEqual([id]);
    expect(existsSync(join(kept, 'restored'))).toBe(!isGone);
  }
});
