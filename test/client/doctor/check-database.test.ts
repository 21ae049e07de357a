import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkDatabase, checkFile } from '../../../client/doctor/check-database.js';
import { testPaths } from '../../helpers/lock-file.js';

function header(options: { applicationId?: number; version?: number }): Buffer {
  const bytes = Buffer.alloc(4_096);
  bytes.write('SQLite format 3\0', 'latin1');
  bytes.writeUInt32BE(options.version ?? 0, 60);
  bytes.writeUInt32BE(options.applicationId ?? 0, 68);
  return bytes;
}

const OURS = 0x78_6f_70_63;

test.each([
  { what: 'none', content: undefined, level: 'ok', says: 'created at the first start' },
  { what: 'an empty file', content: '', level: 'fail', says: 'is empty: its content was cut off' },
  { what: 'its first byte', content: 'S', level: 'fail', says: 'is empty: its content was cut off' },
  { what: 'ours', content: header({ applicationId: OURS, version: 65_536 * 2 + 5 }), level: 'ok', says: 'schema version 5' },
  { what: 'text', content: 'hello', level: 'fail', says: 'not an SQLite database' },
  { what: "another program's", content: header({ applicationId: 42 }), level: 'fail', says: 'to another program' },
])('a database that is $what', ({ content, level, says }) => {
  const paths = testPaths();
  mkdirSync(paths.stateDir);
  if (content !== undefined) writeFileSync(paths.databasePath, content);
  expect(checkFile(paths)).toMatchObject({ level, message: expect.stringContaining(says) as string });
});

test.each([
  { what: 'of this round count', salt: 7, says: 'schema version 5' },
  { what: 'of an earlier round do not', salt: 8, says: 'schema version 4' },
])('pages in the write-ahead log $what', ({ salt, says }) => {
  const paths = testPaths();
  mkdirSync(paths.stateDir);
  writeFileSync(paths.databasePath, header({ applicationId: OURS, version: 4 }));
  const head = Buffer.alloc(32);
  head.writeUInt32BE(4_096, 8);
  head.writeUInt32BE(7, 16);
  const frame = Buffer.alloc(24);
  frame.writeUInt32BE(1, 0);
  frame.writeUInt32BE(salt, 8);
  writeFileSync(`${paths.databasePath}-wal`, Buffer.concat([head, frame, header({ applicationId: OURS, version: 5 })]));
  expect(checkFile(paths)).toMatchObject({ level: 'ok', message: expect.stringContaining(says) as string });
});

test('a database that is missing beside its log, and one that waits to be put back, are told apart from none', () => {
  const paths = testPaths();
  mkdirSync(paths.stateDir);
  writeFileSync(`${paths.databasePath}-wal`, '');
  expect(checkFile(paths)).toMatchObject({ level: 'ok' });
  writeFileSync(`${paths.databasePath}-wal`, 'pages');
  expect(checkFile(paths)).toMatchObject({ level: 'fail', message: expect.stringContaining('is missing, but its log') as string });
  writeFileSync(`${paths.databasePath}.rescued`, 'all of it');
  expect(checkFile(paths)).toMatchObject({ level: 'ok', message: expect.stringContaining('is put in its place') as string });
});

test('a directory in its place is named, with what to do', () => {
  const paths = testPaths();
  mkdirSync(paths.databasePath, { recursive: true });
  expect(checkFile(paths)).toMatchObject({
    level: 'fail',
    message: expect.stringContaining('EISDIR') as string,
    fix: 'Move the directory away',
  });
});

test('a server is asked, and each of its warnings is a finding', async () => {
  const warning = { code: 'STORE_LOCALE', message: 'the locale is C', hint: 'Create it again' };
  const url = 'postgres://db.example/xopc';
  const asked: string[] = [];
  const check = (problem?: { message: string; fix: string }) =>
    checkDatabase(testPaths(), {
      url,
      inspectServer: (given) => {
        asked.push(given);
        return Promise.resolve({ summary: 'it answers', problem, warnings: problem === undefined ? [warning] : [] });
      },
    });
  expect(await check()).toEqual([
    { id: 'database', level: 'ok', message: 'it answers' },
    { id: 'database-locale', level: 'warn', message: 'the locale is C', fix: 'Create it again' },
  ]);
  expect(await check({ message: 'it is away', fix: 'Start it' })).toEqual([
    { id: 'database', level: 'fail', message: 'it is away', fix: 'Start it' },
  ]);
  expect(asked).toEqual([url, url]);
});
