import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { copyContent } from '../../../../../daemon/worker/lazy/database.js';
import { listSessions } from '../../../../../daemon/worker/store/conversations/session-list.js';
import { countSearchBacklog } from '../../../../../daemon/worker/store/conversations/session-search.js';
import { COPIED_TABLES } from '../../../../../daemon/worker/store/copy/tables.js';
import { sqliteEngine } from '../../../../../daemon/worker/store/sqlite/engine.js';
import type { ContentCopy, CopyProgress, DatabaseAt } from '../../../../../shared/node/database-module.js';
import { getProgram } from '../../../../helpers/debian-programs.js';
import { addSession, openStore } from '../../../../helpers/open-store.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';
import { tempDir } from '../../../../helpers/temp-dir.js';
import { makeFullDatabase } from './full-database.js';

const ROWS = 14;

let made: string;
beforeAll(async () => {
  made = join(mkdtempSync(join(tmpdir(), 'xopc-test-')), 'gateway.db');
  await makeFullDatabase(made, ROWS);
});
afterAll(() => rmSync(dirname(made), { recursive: true, force: true }));

function fullDatabase(): string {
  const path = join(tempDir(), 'gateway.db');
  copyFileSync(made, path);
  return path;
}

/** Everything in a file that is copied, with the type of each value. */
function contentOf(path: string): Record<string, unknown[]> {
  const database = new Database(path);
  try {
    return Object.fromEntries(
      COPIED_TABLES.map(({ name, key }) => {
        const columns = database.prepare(`select name from pragma_table_info('${name}') order by name`).all() as { name: string }[];
        const values = columns.map((column) => `quote("${column.name}") as "${column.name}"`).join(', ');
        return [name, database.prepare(`select ${values} from ${name} order by ${key.map((column) => `"${column}"`).join(', ')}`).all()];
      }),
    );
  } finally {
    database.close();
  }
}

interface Watch {
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly beforeEnd?: () => Promise<void>;
}

const copy = (from: DatabaseAt, to: DatabaseAt, { onProgress = () => undefined, beforeEnd = async () => undefined }: Watch = {}) =>
  copyContent({ from, to, onProgress, beforeEnd });

/** After these batches a copy is ended. */
const ENDS = ['sessions 14', 'attachments 10', 'page_secrets 14'];

/** Copies, and is ended now and then. @returns how often it was begun */
async function copyInSteps(from: DatabaseAt, to: DatabaseAt): Promise<{ copied: ContentCopy; runs: number }> {
  const left = [...ENDS];
  const onProgress = ({ table, rows }: CopyProgress): void => {
    if (`${table} ${rows}` !== left[0]) return;
    left.shift();
    throw new Error('killed');
  };
  for (let runs = 1; ; runs += 1) {
    try {
      return { copied: await copy(from, to, { onProgress }), runs };
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'killed') throw error;
    }
  }
}

function changeFile(path: string, statements: string): void {
  const database = new Database(path);
  database.exec(statements);
  database.close();
}

test('everything comes to PostgreSQL and back unchanged, and can be found and continued there', async () => {
  const path = fullDatabase();
  const url = await createDatabase({ isEmpty: true });
  const { tables } = await copy({ path }, { url });
  expect(tables.map(({ table, rows }) => [table, rows])).toEqual(
    COPIED_TABLES.map(({ name }) => [name, name === 'gateway_identity' ? 1 : ROWS]),
  );
  const store = await openStore({ engine: postgresAt(url) });
  expect(store.warnings()).toEqual([]);
  expect((await store.read((tx) => listSessions(tx, { text: '中文 ', limit: 10 }))).map(({ id }) => id)).toEqual([12]);
  expect((await addSession(store, 'new')).id).toBe(ROWS + 1);
  await store.close();
  await query(url, `delete from sessions where id = ${ROWS + 1}`);
  expect(await query(url, "select pg_sequence_last_value('messages_seq_seq') as last")).toEqual([{ last: String(ROWS + 1_000) }]);

  const back = join(tempDir(), 'state', 'gateway.db');
  expect((await copy({ url }, { path: back })).tables).toEqual(tables);
  expect(contentOf(back)).toEqual(contentOf(path));
  const again = await openStore({ engine: sqliteEngine(back) });
  expect(await again.read(countSearchBacklog)).toBe(0);
  expect((await again.read((tx) => listSessions(tx, { text: '中文 ', limit: 10 }))).map(({ id }) => id)).toEqual([12]);
  expect((await addSession(again, 'new')).id).toBe(ROWS + 2);
});

test('a copy that was ended after any batch is continued, and until it is complete no gateway uses it', async () => {
  const path = fullDatabase();
  const url = await createDatabase({ isEmpty: true });
  await expect(copy({ path }, { url }, { beforeEnd: () => Promise.reject(new Error('a gateway runs')) })).rejects.toThrow('a gateway runs');
  const opened = postgresAt(url).open({ isAlone: true });
  await expect(opened).rejects.toMatchObject({ message: expect.stringContaining('has not been completed') as string });
  await expect(copy({ url }, { path: join(tempDir(), 'gateway.db') })).rejects.toThrow('has not been completed');
  const { copied } = await copyInSteps({ path }, { url });
  await (await postgresAt(url).open({ isAlone: true })).close();

  const back = join(tempDir(), 'state', 'gateway.db');
  const steps = copyInSteps({ url }, { path: back });
  expect(existsSync(back)).toBe(false);
  const { copied: returned, runs } = await steps;
  expect(returned.tables).toEqual(copied.tables);
  expect(runs).toBe(ENDS.length + 1);
  expect(contentOf(back)).toEqual(contentOf(path));
  // A command that was killed at its very end is repeated, too.
  expect((await copy({ url }, { path: back })).tables).toEqual(copied.tables);
});

test('a copy that was killed before its file got its name is finished by the next command', async () => {
  const [from, to] = [{ path: fullDatabase() }, { path: join(tempDir(), 'gateway.db') }];
  const beforeEnd = () => Promise.reject(new Error('killed'));
  await expect(copy(from, to, { beforeEnd })).rejects.toThrow('killed');
  // What has happened before the checkpoint and the rename.
  changeFile(`${to.path}.copy`, 'drop table xopc_copy');
  const { tables } = await copy(from, to);
  expect([existsSync(to.path), existsSync(`${to.path}.copy`)]).toEqual([true, false]);
  expect(contentOf(to.path)).toEqual(contentOf(from.path));
  expect((await copy(from, to)).tables).toEqual(tables);
});

test('where the source has changed since the copy was begun, the copy begins anew', async () => {
  const path = fullDatabase();
  const url = await createDatabase({ isEmpty: true });
  const stopAt = (wanted: string) => (progress: CopyProgress) => {
    if (progress.table === wanted) throw new Error('killed');
  };
  await expect(copy({ path }, { url }, { onProgress: stopAt('cron_runs') })).rejects.toThrow('killed');
  changeFile(path, "update sessions set title = 'changed' where id = 3; delete from messages where seq = 14; delete from turns");
  await copy({ path }, { url });
  const back = join(tempDir(), 'gateway.db');
  await expect(copy({ url }, { path: back }, { onProgress: stopAt('cron_runs') })).rejects.toThrow('killed');
  const change = "update sessions set title = 'changed again' where id = 3";
  changeFile(path, change);
  await query(url, change);
  await copy({ url }, { path: back });
  expect(contentOf(back)).toEqual(contentOf(path));
});

test('a target that is in use, is not empty, or has something else is left alone', async () => {
  const path = fullDatabase();
  const other = fullDatabase();
  changeFile(other, "update gateway_identity set id = 'other'");
  const url = await createDatabase();
  const store = await openStore({ engine: postgresAt(url) });
  await expect(copy({ path }, { url })).rejects.toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('in use by test') as string,
  });
  await expect(copy({ url }, { path: join(tempDir(), 'gateway.db') })).rejects.toThrow('in use by test');
  await addSession(store, 'mine');
  await store.close();
  await expect(copy({ path }, { url })).rejects.toThrow('it is not empty (sessions)');
  await expect(copy({ url }, { path: other })).rejects.toThrow('it exists already');

  const begun = await createDatabase({ isEmpty: true });
  await expect(copy({ path }, { url: begun }, { beforeEnd: () => Promise.reject(new Error('killed')) })).rejects.toThrow('killed');
  await expect(copy({ path: other }, { url: begun })).rejects.toThrow('part of a copy of another database');
  await copy({ path }, { url: begun });
  await query(begun, `insert into page_secrets values ('${randomUUID()}', 'link', 1)`);
  await expect(copy({ path }, { url: begun })).rejects.toThrow('one of both has changed since (page_secrets)');
});

test('while it copies nobody can write to the source, and only one command to the target', async () => {
  const path = fullDatabase();
  const url = await createDatabase({ isEmpty: true });
  const database = new Database(path);
  onTestFinished(() => void database.close());
  database.exec('pragma busy_timeout = 0');
  const beforeEnd = async (): Promise<void> => {
    expect(() => database.exec('delete from sessions')).toThrow('locked');
  };
  const { directory, env } = getProgram('postgres');
  const onProgress = ({ table }: CopyProgress): void => {
    const statement = "update xopc_copy set owner = 'another'";
    if (table === 'sessions') execFileSync(join(directory, 'psql'), ['-Xqc', statement, url], { env: { ...process.env, ...env } });
  };
  await expect(copy({ path }, { url }, { onProgress, beforeEnd })).rejects.toThrow('another command copies into');
  await copy({ path }, { url }, { beforeEnd });
  database.exec('delete from sessions');
});

/** Of one process, or of an engine. */
const LEFT_OUT = /^(?:leases|restore_mark|instances|commits|xopc_schema|messages_search.*|sqlite_.*)$/;

test('every table of either engine is copied or left out on purpose', async () => {
  const path = fullDatabase();
  const url = await createDatabase();
  const database = new Database(path);
  const ofSqlite = database.prepare("select name from sqlite_schema where type = 'table'").all() as { name: string }[];
  database.close();
  const ofPostgres = (await query(url, "select tablename as name from pg_tables where schemaname = 'public'")) as { name: string }[];
  const copied = COPIED_TABLES.map(({ name }) => name).toSorted();
  for (const tables of [ofSqlite, ofPostgres])
    expect(
      tables
        .map(({ name }) => name)
        .filter((name) => !LEFT_OUT.test(name))
        .toSorted(),
    ).toEqual(copied);
});
