/** What was revoked since a backup is valid again after its restore, and the command names it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { beforeEach, expect, test } from 'vitest';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { type CommandOutcome, runCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { addSession, openStore } from '../../helpers/open-store.js';
import { tempDir } from '../../helpers/temp-dir.js';

let paths: GatewayPaths;
let file: string;
let sessionKey: string;
beforeEach(async () => {
  paths = testPaths();
  file = join(tempDir(), 'backup.tar.gz');
  await run('gateway', 'token');
  const store = await openStore({ path: paths.databasePath });
  sessionKey = (await addSession(store, 'ann')).key;
  await store.close();
  change(`insert into access_tokens (id, name, hash, scopes, created_at, expires_at) values
      ('tok_1', 'ci', 'h1', '["cron"]', 1, null), ('tok_2', 'kept', 'h2', '["cron"]', 2, null), ('tok_3', 'expired', 'h3', '["cron"]', 3, 4);
    insert into pairings (channel, account_id, sender_id, sender_name, code, expires_at, created_at) values
      ('telegram', 'personal', '42', 'Ann' || char(10) || 'forged', null, null, 1),
      ('telegram', 'personal', '43', 'Waiting', 'CODE', 9, 1);
    insert into approval_grants (agent_id, session_id, tool, approval_seq, granted_at) values
      ('main', null, 'shell__run', 1, 1), ('main', null, 'files__write', 2, 2), ('main', (select id from sessions), 'files__write', 3, 3)`);
  expect(await run('backup', file)).toMatchObject({ code: 0 });
});

const run = (...args: string[]): Promise<CommandOutcome> => runCommand(args, { home: paths.home });

function change(sql: string): void {
  const database = new Database(paths.databasePath);
  database.exec(sql);
  database.close();
}

async function restoreJson(...args: string[]): Promise<{ replaced: string; validAgain: { what: string; revoke: string }[] | null }> {
  return JSON.parse((await run('restore', ...args, '--json')).stdout) as Awaited<ReturnType<typeof restoreJson>>;
}

/** Each command is for this gateway, whatever shell it is pasted into. */
const revoked = () => [
  { what: "the gateway's own token of that time", revoke: `XOPC_HOME=${paths.home} xopc gateway token --rotate` },
  { what: 'access token ci', revoke: `XOPC_HOME=${paths.home} xopc token revoke ci` },
  {
    what: 'sender Ann\nforged (telegram/personal)',
    revoke: `XOPC_HOME=${paths.home} xopc channels revoke telegram 42 --account personal`,
  },
  { what: 'remembered approval of shell__run for agent main', revoke: `XOPC_HOME=${paths.home} xopc approvals revoke 1` },
  { what: `remembered approval of files__write for session ${sessionKey}`, revoke: `XOPC_HOME=${paths.home} xopc approvals revoke 3` },
];

test('all that was revoked since the backup is named, with the command that revokes it', async () => {
  expect((await run('restore', file, '--check')).stderr).not.toContain('valid again');
  writeFileSync(paths.tokenPath, 'rotated\n');
  change(`delete from access_tokens where name <> 'kept'; delete from pairings; delete from approval_grants where approval_seq <> 2;
    insert into access_tokens (id, name, hash, scopes, created_at) values ('tok_4', 'ci', 'h4', '["cron"]', 5)`);
  expect((await restoreJson(file, '--check')).validAgain).toEqual(revoked());
  const lines = revoked()
    .map(({ what, revoke }) => `  ${what.replace('\n', String.raw`\n`)}: ${revoke}\n`)
    .join('');
  const warning = `these are valid again. After the restore, revoke those that should stay revoked:\n${lines}`;
  expect((await run('restore', file, '--check')).stderr).toContain(warning);
  const { stdout, stderr } = await run('restore', file);
  expect(stderr).toContain(warning);
  const [replaced = ''] = /(?<=kept in ).*/.exec(stdout) ?? [];
  expect((await restoreJson(replaced)).validAgain).toEqual(revoked().slice(0, 2));
});

test('senders approved again and tools granted again since the backup are not named', async () => {
  change(`update pairings set sender_name = 'Ann B.' where sender_id = '42'; update approval_grants set seq = seq + 10`);
  expect((await restoreJson(file, '--check')).validAgain).toEqual([]);
});

test('a present database that cannot be compared hides nothing silently, and in a new home nothing was revoked', async () => {
  const ofOlderBuild = (): void => change('drop table approval_grants');
  const damaged = (): void => writeFileSync(paths.databasePath, 'damaged '.repeat(1_000));
  for (const make of [ofOlderBuild, damaged]) {
    make();
    const { stderr } = await run('restore', file, '--check');
    expect(stderr).toContain('could not be compared with the present database. What has been revoked since is valid again.');
    expect(stderr).toContain(`If the gateway's own token has been replaced since: XOPC_HOME=${paths.home} xopc gateway token --rotate`);
    expect((await restoreJson(file, '--check')).validAgain).toBeNull();
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(paths.databasePath + suffix, { force: true });
  writeFileSync(paths.tokenPath, 'new\n');
  expect((await restoreJson(file)).validAgain).toEqual([]);
  expect(readFileSync(paths.tokenPath, 'utf8')).not.toBe('new\n');
});
