import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { json, type FakeHttp, type SeenRequest } from '../../fakes/http-server.js';
import { fakeApi } from '../../helpers/api-command.js';
import type { CommandOutcome } from '../../helpers/command-line.js';
import { tempDir } from '../../helpers/temp-dir.js';

const KEY = 'main:telegram:ops:group:-42';
const PATH = `/api/sessions/${encodeURIComponent(KEY)}`;
const session = {
  key: KEY,
  agentId: 'main',
  channel: 'telegram',
  title: 'A title\u001b[31m',
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:05.678Z',
  messageCount: 2,
  pinned: false,
  archived: false,
  unread: false,
  tags: [],
};

async function setUp(
  answer: (request: SeenRequest, response: ServerResponse) => void,
): Promise<FakeHttp & { run: (...args: string[]) => Promise<CommandOutcome> }> {
  const api = await fakeApi(answer);
  return { ...api, run: (...args) => api.run(args) };
}

test('sessions are listed, one per line, and searched', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, { sessions: [session], nextCursor: 'abc' }));
  const { code, stdout, stderr } = await run('sessions', '--search', 'in voice', '-n', '3', '--deleted', '--cursor', 'x');
  expect(code).toBe(0);
  expect(seen[0]).toMatchObject({ method: 'GET', path: '/api/sessions?limit=3&search=in+voice&deleted=true&cursor=x' });
  const [heading, row] = stdout.split('\n');
  expect(heading).toMatch(/^KEY +MESSAGES +CHANGED +TITLE$/);
  expect(row).toMatch(/^main:telegram:ops:group:-42 +2 +.* ago +A title\\x1b\[31m$/);
  expect(stderr).toContain('--cursor abc');
  expect(stderr).toContain('xopc sessions restore KEY');
});

test('what is special about a session stands behind its title', async () => {
  const shelf = { pinned: true, archived: true, unread: true, tags: ['work', 'two words'] };
  const { run } = await setUp((_request, response) =>
    json(response, { sessions: [{ ...session, title: 'T', ...shelf }], nextCursor: null }),
  );
  expect((await run('sessions', '--search', 'is:any')).stdout).toMatch(/ T \(pinned, archived, unread, #work, #two words\)\n$/);
});

test('sessions are pinned, archived and marked, several at once', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, { session }));
  expect((await run('sessions', 'pin', KEY, KEY)).stdout).toBe(`${KEY} pinned\n${KEY} pinned\n`);
  expect((await run('sessions', 'unarchive', KEY)).stdout).toBe(`${KEY} unarchived\n`);
  expect((await run('sessions', 'read', KEY)).stdout).toBe(`${KEY} marked as read\n`);
  expect(seen.map(({ method, body }) => `${method} ${body}`)).toEqual([
    'PATCH {"pinned":true}',
    'PATCH {"pinned":true}',
    'PATCH {"archived":false}',
    'PATCH {"unread":false}',
  ]);
});

test('tags are added, removed and shown', async () => {
  const { run, seen } = await setUp(({ method }, response) =>
    json(response, { session: { ...session, tags: method === 'PATCH' ? ['b', 'work'] : ['a', 'b'] } }),
  );
  expect((await run('sessions', 'tag', KEY)).stdout).toBe('a\nb\n');
  expect((await run('sessions', 'tag', KEY, '--add', 'Work ', '--remove', 'A')).stdout).toBe('b\nwork\n');
  expect(seen.map(({ method, body }) => [method, body])).toEqual([
    ['GET', ''],
    ['PATCH', '{"addTags":["work"],"removeTags":["a"]}'],
  ]);
});

test('an empty list says so; --json is one document', async () => {
  const { run } = await setUp((_request, response) => json(response, { sessions: [], nextCursor: null }));
  expect(await run('sessions', 'list')).toEqual({ code: 0, stdout: '', stderr: 'No sessions found.\n' });
  expect(JSON.parse((await run('sessions', '--json')).stdout)).toEqual({ sessions: [], nextCursor: null });
});

test('a session is shown with what was said in it', async () => {
  const message = { id: 'msg_1', createdAt: session.createdAt, model: null, status: 'complete' };
  const messages = [
    { ...message, role: 'user', content: 'hello' },
    { ...message, role: 'assistant', content: 'hi\nthere', model: 'openai/x', status: 'aborted' },
  ];
  const { run, seen } = await setUp((_request, response) => json(response, { session, messages }));
  const { stdout } = await run('sessions', 'show', KEY);
  expect(seen[0]).toMatchObject({ method: 'GET', path: PATH });
  expect(stdout).toContain('user (2026-01-02T03:04:05.678Z)\nhello\n');
  expect(stdout).toContain('assistant (2026-01-02T03:04:05.678Z, openai/x, aborted)\nhi\nthere\n');
  expect(JSON.parse((await run('sessions', 'show', KEY, '--json')).stdout)).toEqual({ session, messages });
  await run('sessions', 'show', 'a trip');
  expect(seen.at(-1)).toMatchObject({ method: 'GET', path: '/api/sessions/a%20trip' });
});

test('a session is deleted with the command that brings it back, and brought back', async () => {
  const until = '2026-01-09T03:04:05.678Z';
  const { run, seen } = await setUp(({ method }, response) =>
    json(response, method === 'DELETE' ? { restorableUntil: until } : { session }),
  );
  const gone = await run('sessions', 'delete', KEY);
  expect(gone.stdout).toBe(`${KEY} deleted\n`);
  expect(gone.stderr).toBe(`Until ${until} it can be restored with: xopc sessions restore ${KEY}\n`);
  expect(await run('sessions', 'restore', KEY)).toEqual({ code: 0, stdout: `${KEY} restored: 2 messages\n`, stderr: '' });
  expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([`DELETE ${PATH}`, `POST ${PATH}/restore`]);
});

test('the command that brings back a session with a name of a stranger is nothing but that', async () => {
  const { run } = await setUp((_request, response) => json(response, { restorableUntil: 'soon' }));
  const { stderr } = await run('sessions', 'delete', 'main:api:default:direct:notes;touch${IFS}ran');
  expect(stderr).toBe("Until soon it can be restored with: xopc sessions restore 'main:api:default:direct:notes;touch${IFS}ran'\n");
});

test.each([
  [['sessions', 'show', '..'], "invalid session '..'"],
  [['sessions', 'delete'], 'missing argument'],
  [['sessions', '--limit', '0'], '--limit is'],
  [['sessions', 'pin'], 'missing argument'],
  [['sessions', 'tag', KEY, '--add', '"'], 'is not a valid tag'],
])('%j is wrong usage', async (args, message) => {
  const { run, seen } = await setUp((_request, response) => json(response, {}));
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(seen).toEqual([]);
});

test('the summary of older messages is shown, and undone', async () => {
  const summary = { id: 'sum_1', state: 'inUse', seq: 9, content: 'In short.', model: 'fake/one', createdAt: session.createdAt };
  const given = [{ ...summary, id: 'sum_2', state: 'undone' }, summary];
  const { run, seen } = await setUp((_request, response) => json(response, { summaries: given }));
  expect(await run('sessions', 'summary', KEY)).toMatchObject({
    code: 0,
    stdout: 'Written 2026-01-02T03:04:05.678Z by fake/one\n\nIn short.\n',
  });
  expect((await run('sessions', 'summary', KEY, '--undo')).stdout).toContain('full history again');
  expect(seen.at(-1)).toMatchObject({ method: 'DELETE', path: `${PATH}/summaries/sum_1` });
  given.pop();
  expect(await run('sessions', 'summary', KEY)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('not summarised') });
  expect(JSON.parse((await run('sessions', 'summary', KEY, '--json')).stdout)).toEqual({ summary: null });
});

test('an export replaces a file with --force only, and nothing but a file', async () => {
  const { run, seen } = await setUp((_request, response) => response.end('{}\n'));
  const directory = tempDir();
  const [file, fifo] = [join(directory, 'file'), join(directory, 'fifo')];
  writeFileSync(file, 'mine');
  execFileSync('mkfifo', [fifo]);
  const to = (...args: string[]): Promise<CommandOutcome> => run('sessions', 'export', KEY, '--output', ...args);
  expect(await to(file)).toMatchObject({ code: 1, stderr: expect.stringContaining(`${file} exists`) as string });
  expect(await to(fifo, '--force')).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a regular file') as string });
  expect([readFileSync(file, 'utf8'), lstatSync(fifo).isFIFO(), seen]).toEqual(['mine', true, []]);
  expect(await to(file, '--force')).toMatchObject({ code: 0 });
  expect(await to(join(directory, 'new'))).toMatchObject({ code: 0 });
  expect(await to('-')).toMatchObject({ code: 0, stdout: '{}\n' });
  expect([readFileSync(file, 'utf8'), readdirSync(directory).toSorted()]).toEqual(['{}\n', ['fifo', 'file', 'new']]);
});
