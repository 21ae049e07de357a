import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { json } from '../../fakes/http-server.js';
import { fakeApi } from '../../helpers/api-command.js';
import { fakeOutgoing, fakePairing } from '../../helpers/fake-outgoing.js';
import { tempDir } from '../../helpers/temp-dir.js';

const queued = { ...fakeOutgoing, status: 'queued', error: null } as const;
const page = {
  status: 'ok',
  messages: [{ ...fakeOutgoing, content: 'two\nlines\u001b[31m', accountId: 'ops' }, queued],
  nextCursor: 'abc',
};

test('messages are listed with their status, one per line', async () => {
  const { run, seen } = await fakeApi((_request, response) => json(response, page));
  const { code, stdout, stderr } = await run(['messages', '--status', 'dead', '--channel', 'webhook', '-n', '2']);
  expect(code).toBe(0);
  expect(seen[0]).toMatchObject({ method: 'GET', path: '/api/messages?limit=2&status=dead&channel=webhook' });
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^ID +STATUS +AGE +CHAT +TEXT +ERROR$/);
  expect(lines[1]).toMatch(/^msg_1 +dead +.* ago +webhook:ops chat +two\\nlines\\x1b\[31m +no such chat$/);
  expect(lines[2]).toMatch(/webhook chat +hello$/);
  expect(stderr).toContain('--cursor abc');
});

test('a list is one JSON document with --json', async () => {
  const { run } = await fakeApi((_request, response) => json(response, page));
  const { stdout, stderr } = await run(['messages', 'list', '--json']);
  expect(JSON.parse(stdout)).toEqual({ messages: page.messages, nextCursor: 'abc' });
  expect(stderr).toBe('');
});

test('an empty list says so on stderr', async () => {
  const { run } = await fakeApi((_request, response) => json(response, { messages: [], nextCursor: null }));
  expect(await run(['messages'])).toEqual({ code: 0, stdout: '', stderr: 'No messages found.\n' });
});

test('one message is shown with its text and what can be done', async () => {
  const { run, seen } = await fakeApi((_request, response) => json(response, { message: fakeOutgoing }));
  const { stdout, stderr } = await run(['messages', 'show', 'msg_1']);
  expect(seen[0]?.path).toBe('/api/messages/msg_1');
  expect(stdout).toContain('Status: dead\n');
  expect(stdout).toContain('Error: no such chat\n');
  expect(stdout).toMatch(/\n\nhello\n$/);
  expect(stderr).toContain('xopc messages retry msg_1');
});

test.each([
  { args: ['messages', 'retry', 'msg_1'], method: 'POST', path: '/api/messages/msg_1/retry', expected: 'msg_1 queued\n' },
  { args: ['messages', 'drop', 'msg_1'], method: 'DELETE', path: '/api/messages/msg_1', expected: 'msg_1 dropped\n' },
])('$args calls the API and prints the result', async ({ args, method, path, expected }) => {
  const { run, seen } = await fakeApi((_request, response) => json(response, { message: queued }));
  expect(await run(args)).toEqual({ code: 0, stdout: expected, stderr: '' });
  expect(seen[0]).toMatchObject({ method, path, body: '' });
});

test.each([
  [['messages', '--status', 'lost'], 'must be one of queued'],
  [['messages', '--limit', '0'], '--limit is'],
  [['messages', 'show', 'a/b'], 'invalid message id'],
  [['messages', 'retry'], 'missing argument'],
  [['send', '--channel', 'webhook', '--chat', '1'], 'no message given'],
  [['send', 'hello'], '--channel and --chat are required'],
  [['send', '--channel', 'webhook', '--chat', '1', '--key', 'two words', 'hello'], '--key is "two words"'],
])('%j is wrong usage', async (args, message) => {
  const { run, seen } = await fakeApi((_request, response) => json(response, {}));
  const { code, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(seen).toEqual([]);
});

test('channels are listed with their senders, who can be approved and revoked', async () => {
  const health = { state: 'down', reason: 'The account has stopped: its token is refused.' };
  const channels = [
    { channel: 'telegram', accountId: 'default', state: 'failed', message: 'its token is refused', health, messages: { waiting: 16 } },
  ];
  const { run, seen } = await fakeApi(({ path }, response) =>
    json(
      response,
      path.endsWith('approve')
        ? { pairing: { ...fakePairing, state: 'approved', code: null } }
        : { channels, pairings: [fakePairing], warning: 'allowFrom lists user names' },
    ),
  );
  const { stdout, stderr } = await run(['channels']);
  expect(stdout).toMatch(/telegram +default +failed +down +16 +The account has stopped: its token is refused\.\n/);
  expect(stdout).toMatch(/telegram +default +42 +Ann +pending +ABCD2345\n/);
  expect(stderr).toContain('xopc channels approve telegram ABCD2345');
  expect((await run(['channels', 'approve', 'telegram', 'ABCD2345'])).stdout).toBe('Ann (42) can now write to telegram\n');
  expect(await run(['channels', 'revoke', 'telegram', '42', '--account', 'ops'])).toMatchObject({
    code: 0,
    stdout: '42 is no longer approved in telegram\n',
    stderr: expect.stringContaining('allowFrom lists user names') as string,
  });
  expect(seen.slice(1).map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
    ['/api/channels/telegram/approve', { code: 'ABCD2345' }],
    ['/api/channels/telegram/revoke', { senderId: '42', accountId: 'ops' }],
  ]);
});

test('what a call of a webhook would become is shown, without storing it', async () => {
  const message = { outcome: 'message', chat_id: 'ops', id: null, content: '[Ann] disk \u001b[31mfull', challenge: null };
  const skipped = { outcome: 'skipped', chat_id: null, id: null, content: null, challenge: null };
  const { run, seen } = await fakeApi(({ body }, response) =>
    json(response, { status: 'ok', preview: body.includes('ping') ? skipped : message }),
  );
  const file = join(tempDir(), 'call.json');
  writeFileSync(file, '{"a": 1}\n');
  const shown = await run(['channels', 'preview', 'github', '--file', file, '--header', 'X-GitHub-Event: push', '--header', 'X-Empty:']);
  expect(shown).toMatchObject({ code: 0, stdout: 'Chat: ops\nId: none: a repetition is not recognised\n\n[Ann] disk \u001b[31mfull\n' });
  expect(seen[0]).toMatchObject({ method: 'POST', path: '/api/channels/webhook/preview' });
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    accountId: 'github',
    payload: { a: 1 },
    headers: { 'X-GitHub-Event': 'push', 'X-Empty': '' },
  });
  expect(await run(['channels', 'preview', 'github'], { stdin: '"ping"' })).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('nothing to handle'),
  });
  expect(JSON.parse((await run(['channels', 'preview', 'github', '--json'], { stdin: '{}' })).stdout)).toEqual(message);
  for (const [args, text] of [
    [['--file', `${file}.none`], 'there is no such file'],
    [['--header', 'no colon', '--file', file], "--header is 'no colon'"],
    [[], 'not valid JSON'],
  ] as const)
    expect(await run(['channels', 'preview', 'github', ...args], { stdin: 'no' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(text),
    });
});
