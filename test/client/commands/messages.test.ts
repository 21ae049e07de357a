import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json, type FakeHttp, type SeenRequest } from '../../fakes/http-server.js';
import { runCommand, startCommand, type CommandOutcome, type CommandRun } from '../../helpers/command-line.js';
import { fakeOutgoing, fakePairing } from '../../helpers/fake-outgoing.js';
import { testPaths } from '../../helpers/lock-file.js';
import { tempDir } from '../../helpers/temp-dir.js';

interface Setup extends FakeHttp {
  readonly run: (args: string[], more?: { stdin?: string; isTTY?: boolean }) => Promise<CommandOutcome>;
  readonly start: (args: string[]) => CommandRun;
}

async function setUp(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<Setup> {
  const server = await fakeHttp(answer);
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const { home } = paths;
  return { ...server, run: (args, more) => runCommand(args, { home, ...more }), start: (args) => startCommand(args, { home }) };
}

const queued = { ...fakeOutgoing, status: 'queued', error: null } as const;
const page = {
  status: 'ok',
  messages: [{ ...fakeOutgoing, content: 'two\nlines\u001b[31m', accountId: 'ops' }, queued],
  nextCursor: 'abc',
};

test('messages are listed with their status, one per line', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, page));
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
  const { run } = await setUp((_request, response) => json(response, page));
  const { stdout, stderr } = await run(['messages', 'list', '--json']);
  expect(JSON.parse(stdout)).toEqual({ messages: page.messages, nextCursor: 'abc' });
  expect(stderr).toBe('');
});

test('an empty list says so on stderr', async () => {
  const { run } = await setUp((_request, response) => json(response, { messages: [], nextCursor: null }));
  expect(await run(['messages'])).toEqual({ code: 0, stdout: '', stderr: 'No messages found.\n' });
});

test('one message is shown with its text and what can be done', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, { message: fakeOutgoing }));
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
  const { run, seen } = await setUp((_request, response) => json(response, { message: queued }));
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
  const { run, seen } = await setUp((_request, response) => json(response, {}));
  const { code, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
  expect(seen).toEqual([]);
});

test('a message is sent, and its id is the result', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, { status: 'ok', message_id: 'msg_9' }));
  const sent = await run(['send', '--channel', 'telegram', '--chat', '42', '--account', 'personal', 'The', 'backup', 'is done']);
  expect(sent).toEqual({ code: 0, stdout: 'msg_9\n', stderr: '' });
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    channel: 'telegram',
    chat_id: '42',
    accountId: 'personal',
    content: 'The backup is done',
  });
  expect(await run(['send', '--channel', 'webchat', '--chat', 'a', '--json', '-'], { stdin: 'from\na file\n' })).toMatchObject({ code: 0 });
  expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ channel: 'webchat', chat_id: 'a', content: 'from\na file' });
  await run(['send', '--channel', 'webchat', '--chat', 'a', '--key', 'backup-17', 'x']);
  const keys = seen.map(({ headers }) => headers['idempotency-key']);
  expect(keys[2]).toBe('backup-17');
  // Without one of the caller's, each command has its own.
  expect(new Set(keys).size).toBe(3);
});

test('a message whose answer is lost with the connection is sent once more, with the same key', async () => {
  const { run, seen } = await setUp((_request, response) => {
    if (seen.length === 1) response.destroy();
    else json(response, { status: 'ok', message_id: 'msg_9' });
  });
  expect(await run(['send', '--channel', 'webchat', '--chat', 'a', 'x'])).toEqual({ code: 0, stdout: 'msg_9\n', stderr: '' });
  expect(seen).toHaveLength(2);
  expect(seen[1]?.headers['idempotency-key']).toBe(seen[0]?.headers['idempotency-key']);
});

test.each([
  ['delivered', null, 0],
  ['dead', 'no such chat', 1],
  ['unknown', 'reset', 1],
])('--wait ends when the message is %s', async (status, error, code) => {
  let looks = 0;
  const { run } = await setUp(({ method }, response) => {
    if (method === 'POST') return json(response, { message_id: 'msg_1' });
    looks += 1;
    return json(response, { message: looks < 2 ? queued : { ...fakeOutgoing, status, error } });
  });
  const outcome = await run(['send', '--channel', 'webhook', '--chat', '1', '--wait', 'x']);
  expect(outcome).toEqual({ code, stdout: `msg_1 ${status}\n`, stderr: error === null ? '' : `${error}\n` });
});

const refusal = (code: string): object => ({ error: { code, message: 'not now' } });

test('--wait continues while the gateway restarts, also with another token', async () => {
  let looks = 0;
  const { run } = await setUp(({ method }, response) => {
    if (method === 'POST') return json(response, { message_id: 'msg_1' });
    looks += 1;
    if (looks === 1) return response.destroy();
    if (looks === 2) return json(response, refusal('UNAVAILABLE'), 503);
    if (looks === 3) return json(response, refusal('UNAUTHORIZED'), 401);
    return json(response, { message: { ...fakeOutgoing, status: 'delivered', error: null } });
  });
  expect(await run('send --channel webhook --chat 1 --wait x'.split(' '))).toMatchObject({ code: 0, stdout: 'msg_1 delivered\n' });
});

test.each([
  [503, 'UNAVAILABLE', 3],
  [404, 'NOT_FOUND', 1],
])('--wait that ends with %d names the message that it has sent', async (status, code, looks) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { run, seen } = await setUp(({ method }, response) => {
    if (method === 'POST') return json(response, { message_id: 'msg_1' });
    vi.setSystemTime(Date.now() + 30_000);
    return json(response, refusal(code), status);
  });
  const { stderr, ...outcome } = await run(['send', '--channel', 'webhook', '--chat', '1', '--wait', 'x']);
  expect(outcome).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^xopc: not now\n.* need not be sent again\. .* xopc messages show msg_1\n$/);
  expect(seen.filter(({ method }) => method === 'GET')).toHaveLength(looks);
});

test('Ctrl-C ends only the waiting', async () => {
  const { start, seen } = await setUp(({ method }, response) =>
    json(response, method === 'POST' ? { message_id: 'msg_1' } : { message: queued }),
  );
  const command = start(['send', '--channel', 'webhook', '--chat', '1', '--wait', 'x']);
  while (seen.length < 2) await new Promise(setImmediate);
  command.interrupt();
  expect(await command.exitCode).toBe(130);
  expect(command.err.text).toContain('the message is still sent');
});

test('an error of the API is told in its words, and decides the exit code', async () => {
  const error = { code: 'CHANNEL_NOT_FOUND', message: "there is no channel 'nowhere'", requestId: 'req_1' };
  const { run } = await setUp((_request, response) => {
    response.writeHead(404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ error }));
  });
  const { code, stderr, stdout } = await run(['send', '--channel', 'nowhere', '--chat', '1', 'x']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain("there is no channel 'nowhere'");
});

test('channels are listed with their senders, who can be approved and revoked', async () => {
  const health = { state: 'down', reason: 'The account has stopped: its token is refused.' };
  const channels = [
    { channel: 'telegram', accountId: 'default', state: 'failed', message: 'its token is refused', health, messages: { waiting: 16 } },
  ];
  const { run, seen } = await setUp(({ path }, response) =>
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
  const { run, seen } = await setUp(({ body }, response) =>
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
