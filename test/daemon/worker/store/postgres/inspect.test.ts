import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { inspectServer } from '../../../../../daemon/worker/store/postgres/inspect.js';
import { NEWEST_SCHEMA } from '../../../../../daemon/worker/store/migrations/index.js';
import { freePort } from '../../../../helpers/free-port.js';
import { createDatabase, query } from '../../../../helpers/store-engine.js';

const problemOf = async (url: string) => (await inspectServer(url)).problem;
const saying = (text: string): string => expect.stringContaining(text) as string;

test('a database that can be used is described, before and after its first use', async () => {
  const url = await createDatabase();
  expect(await inspectServer(url)).toEqual({
    summary: expect.stringMatching(/^postgres:\/\/127.0.0.1:\d+\/\w+ answers: PostgreSQL \d+, schema version \d+$/) as string,
    problem: undefined,
    warnings: [],
  });
  const unused = await createDatabase({ isEmpty: true });
  expect(await inspectServer(unused)).toMatchObject({ summary: saying('no tables yet'), problem: undefined, warnings: [] });
  expect(await query(unused, "select tablename from pg_tables where schemaname = 'public'")).toEqual([]);
  await query(url, 'drop index messages_trigrams');
  expect((await inspectServer(url)).warnings.map(({ code }) => code)).toEqual(['STORE_SEARCH_SLOW']);
});

test('what keeps it from being used is named, with what to do', async () => {
  const url = await createDatabase();
  await query(url, 'update xopc_schema set version = 900, minimum_reader = 900');
  expect(await problemOf(url)).toMatchObject({ message: saying('a newer xopc (schema 900)') });
  await query(url, `update xopc_schema set version = ${NEWEST_SCHEMA}, minimum_reader = 0`);
  await query(url, 'revoke delete on messages from xopc');
  expect(await problemOf(url)).toMatchObject({ message: saying('may not read and write its tables') });
  await query(url, `alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`);
  expect(await problemOf(url)).toMatchObject({ message: saying('can only be read'), fix: saying('primary') });

  const foreign = await createDatabase({ isEmpty: true });
  await query(foreign, 'create table sessions (name text)');
  expect(await problemOf(foreign)).toMatchObject({ message: saying('belongs to another program') });
  const inC = await createDatabase({ isEmpty: true, options: "template template0 locale 'C' encoding 'SQL_ASCII'" });
  expect(await problemOf(inC)).toMatchObject({ message: saying('its encoding is SQL_ASCII') });
});

test('a server that cannot be reached, refuses the user or lacks the database is told apart, without the password', async () => {
  const url = await createDatabase();
  const changed = (change: (to: URL) => void): string => {
    const to = new URL(url);
    change(to);
    return to.href;
  };
  const closed = await freePort();
  const cases = [
    [changed((to) => (to.port = String(closed))), 'no server listens there', 'Start the server'],
    [changed((to) => (to.password = 'secret-of-nobody')), 'refuses the user or the password', 'Correct user and password'],
    [changed((to) => (to.pathname = '/nowhere')), 'no such database', 'create database'],
  ] as const;
  for (const [to, message, fix] of cases) {
    const report = await inspectServer(to);
    expect(report.problem).toEqual({ message: saying(message), fix: saying(fix) });
    expect(JSON.stringify(report)).not.toContain(new URL(to).password);
  }
});

test('a server that never answers is given up', async () => {
  const server = createServer((socket) => void socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  expect(await problemOf(`postgres://xopc:secret@127.0.0.1:${port}/xopc`)).toMatchObject({
    message: saying(`postgres://127.0.0.1:${port}/xopc cannot be used: the connection failed`),
  });
});
