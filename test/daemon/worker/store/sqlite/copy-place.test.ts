/** A copy into a file, where files of another database are in its place or beside it. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { copyContent } from '../../../../../daemon/worker/lazy/database.js';
import type { GatewayError } from '../../../../../shared/errors.js';
import { tempDir } from '../../../../helpers/temp-dir.js';
import { makeFullDatabase } from '../copy/full-database.js';

let source: string;
beforeAll(async () => {
  source = join(mkdtempSync(join(tmpdir(), 'xopc-test-')), 'gateway.db');
  await makeFullDatabase(source, 3);
});
afterAll(() => rmSync(dirname(source), { recursive: true, force: true }));

const copyTo = (path: string, beforeEnd = async (): Promise<void> => undefined) =>
  copyContent({ from: { path: source }, to: { path }, onProgress: () => undefined, beforeEnd });

function titlesIn(path: string): unknown[] {
  const database = new Database(path);
  try {
    return database
      .prepare('select title from sessions order by id')
      .all()
      .map((row) => (row as { title: string }).title);
  } finally {
    database.close();
  }
}

/** Makes the files of a killed gateway: what it stored is in the log. */
function killedGateway(path: string): void {
  const other = join(tempDir(), 'gateway.db');
  copyFileSync(source, other);
  const database = new Database(other);
  try {
    database.exec("pragma journal_mode = wal; update gateway_identity set id = 'other'; update sessions set title = 'old'");
    for (const suffix of ['', '-wal']) copyFileSync(other + suffix, path + suffix);
  } finally {
    database.close();
  }
}

async function refusal(copying: Promise<unknown>): Promise<GatewayError> {
  return copying.then(
    () => expect.fail('it was copied'),
    (error: unknown) => error as GatewayError,
  );
}

test('what a killed gateway has left is whole where the hint moves it, and the copy is not changed by its log', async () => {
  const directory = join(tempDir(), 'a home');
  const path = join(directory, 'gateway.db');
  mkdirSync(directory);
  killedGateway(path);
  writeFileSync(`${path}.old`, 'of an earlier copy');
  const refused = await refusal(copyTo(path));
  expect(refused.message).toContain('it exists already');
  execFileSync('sh', ['-c', /(mv .*)$/.exec(refused.hint ?? '')?.[1] ?? 'false']);
  await copyTo(path);
  expect(titlesIn(path)).toEqual(titlesIn(source));
  expect(readFileSync(`${path}.old`, 'utf8')).toBe('of an earlier copy');
  expect(titlesIn(`${path}.old.2`)).toEqual(['old', 'old', 'old']);
});

test.each(['-wal', '-journal'])('no copy gets its name beside a foreign %s', async (suffix) => {
  const path = join(tempDir(), 'gateway.db');
  killedGateway(path);
  renameSync(path, `${path}.old`);
  renameSync(`${path}-wal`, path + suffix);
  const { size } = statSync(path + suffix);
  expect((await refusal(copyTo(path))).message).toContain(`it is missing, but its log gateway.db${suffix} is there`);
  expect([existsSync(path), existsSync(`${path}.copy`), statSync(path + suffix).size]).toEqual([false, false, size]);
});

test('a rescued database whose place is empty is the one that is there', async () => {
  const path = join(tempDir(), 'gateway.db');
  copyFileSync(source, `${path}.rescued`);
  const database = new Database(`${path}.rescued`);
  database.exec("update gateway_identity set id = 'other'; update sessions set title = 'old'; pragma journal_mode = delete");
  database.close();
  expect((await refusal(copyTo(path))).message).toContain('it exists already');
  expect(titlesIn(path)).toEqual(['old', 'old', 'old']);
});

test('a link that leads to nothing, such as to a disk that is missing for now, is not replaced', async () => {
  const path = join(tempDir(), 'gateway.db');
  symlinkSync('/nonexistent/gateway.db', path);
  expect((await refusal(copyTo(path))).message).toContain('a symbolic link that leads to nothing');
});

test.each(['', '-wal', '-journal', '.rescued'])(
  'a gateway.db%s that came during the copy is not replaced and does not replace it',
  async (suffix) => {
    const path = join(tempDir(), 'gateway.db');
    const refused = await refusal(copyTo(path, async () => writeFileSync(path + suffix, 'of somebody')));
    expect(refused).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('during the copy') as string });
    expect(readFileSync(path + suffix, 'utf8')).toBe('of somebody');
    rmSync(path + suffix);
    await copyTo(path);
    expect(readdirSync(dirname(path)).filter((name) => name.includes('copy'))).toEqual([]);
    expect(titlesIn(path)).toEqual(titlesIn(source));
  },
);

test(
  'while another program reads the copy, so that its log cannot be written back, it does not get its name',
  { timeout: 20_000 },
  async () => {
    const path = join(tempDir(), 'gateway.db');
    let reader: Database.Database | undefined;
    onTestFinished(() => void reader?.close());
    const read = async (): Promise<void> => {
      reader = new Database(`${path}.copy`);
      reader.exec('begin');
      reader.prepare('select count(*) from sessions').get();
    };
    const refused = await refusal(copyTo(path, read));
    expect(refused).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('another program') as string });
    expect(existsSync(path)).toBe(false);
    reader?.exec('rollback');
    await copyTo(path);
    expect(titlesIn(path)).toEqual(titlesIn(source));
  },
);
