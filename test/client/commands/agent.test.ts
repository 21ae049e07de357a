import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json, type FakeHttp, type SeenRequest } from '../../fakes/http-server.js';
import { fakeApproval } from '../../helpers/fake-approvals.js';
import { runCommand, startCommand, type CommandLineOptions, type CommandRun } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const DONE = event('done', { reply: 'Hello you', session: 's', model: 'm', usage: {} });

function stream(response: ServerResponse, ...chunks: string[]): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.end(chunks.join(''));
}

interface Setup extends FakeHttp {
  readonly home: string;
  readonly start: (args: string[], more?: Partial<CommandLineOptions>) => CommandRun;
  readonly run: (args: string[], more?: Partial<CommandLineOptions>) => ReturnType<typeof runCommand>;
}

async function setUp(answer: (request: SeenRequest, response: ServerResponse) => void): Promise<Setup> {
  const server = await fakeHttp(answer);
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const options = (more: Partial<CommandLineOptions> = {}): CommandLineOptions => ({ home: paths.home, ...more });
  return {
    ...server,
    home: paths.home,
    start: (args, more) => startCommand(['agent', ...args], options(more)),
    run: (args, more) => runCommand(['agent', ...args], options(more)),
  };
}

test('an answer that waits for a decision says how it is given', async () => {
  const done = { reply: 'I ask.', session: 's', model: 'm', usage: {}, approvals: [fakeApproval] };
  const { run } = await setUp(({ headers }, response) => {
    if (headers.accept === 'text/event-stream') stream(response, event('delta', { text: 'I ask.' }), event('done', done));
    else json(response, { status: 'ok', ...done });
  });
  const expected = 'Waits for a decision about the tool files__write_file: xopc approve 12, or xopc deny 12\n';
  for (const args of [['go'], ['--no-stream', 'go']])
    expect(await run(args)).toMatchObject({ code: 0, stdout: 'I ask.\n', stderr: expected });
});

test('an answer that is cut off says so beside its text', async () => {
  const done = { reply: 'You must', session: 's', model: 'm', usage: {}, cutOff: 'length' };
  const { run } = await setUp(({ headers }, response) => {
    if (headers.accept === 'text/event-stream') stream(response, event('delta', { text: 'You must' }), event('done', done));
    else json(response, { status: 'ok', ...done });
  });
  const expected = { code: 0, stdout: 'You must\n', stderr: "The answer was cut off at the model's limit.\n" };
  for (const args of [['go'], ['--no-stream', 'go']]) expect(await run(args)).toMatchObject(expected);
});

test('the command that the guide names is shown as it is called here, and so are those of errors', async () => {
  const reply = 'To get real answers, run `xopc setup`.';
  const done = { reply, session: 's', model: 'xopc/guide', usage: {} };
  const refused = { error: { code: 'UNAUTHORIZED', message: "'xopc gateway token --show' prints the token", requestId: 'r' } };
  const { run } = await setUp(({ headers, body }, response) => {
    if (body.includes('refuse')) json(response, refused, 401);
    else if (headers.accept === 'text/event-stream') stream(response, event('delta', { text: reply }), event('done', done));
    else json(response, { status: 'ok', ...done });
  });
  const here = { runtime: { invocation: () => ({ entry: './bin/xopc', variable: () => undefined }) } };
  const expected = { code: 0, stdout: `${reply}\n`, stderr: 'In this shell the command is: ./bin/xopc setup\n' };
  for (const args of [['go'], ['--no-stream', 'go']]) expect(await run(args, here)).toEqual(expected);
  expect(await run(['go'])).toMatchObject({ stderr: '' });
  expect((await run(['refuse'], here)).stderr).toContain("'./bin/xopc gateway token --show' prints the token");
});

test('the answer is printed as it comes, tool calls go to stderr', async () => {
  const held: { response?: ServerResponse } = {};
  const { start, seen } = await setUp((_request, response) => {
    held.response = response;
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(event('delta', { text: 'Hello ' }));
  });
  const command = start(['hello', 'you']);
  await command.out.until((text) => text === 'Hello ');
  held.response?.end(event('tool', { name: 'time', state: 'call', detail: '{}' }) + event('delta', { text: 'you' }) + DONE);
  expect(await command.exitCode).toBe(0);
  expect(command.out.text).toBe('Hello you\n');
  expect(command.err.text).toBe('· time {}\n');
  expect(seen[0]).toMatchObject({ method: 'POST', path: '/api/agent', headers: expect.objectContaining({ accept: 'text/event-stream' }) });
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ message: 'hello you' });
});

test('a reader that closes ends it quietly, and the request with it', async () => {
  let closed = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const { start } = await setUp((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const writing = setInterval(() => response.write(event('delta', { text: 'Hello\n' })), 10);
    response.on('close', () => {
      clearInterval(writing);
      closed();
    });
  });
  const command = start(['hello']);
  await command.out.until((text) => text !== '');
  command.out.failure = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  expect(await command.exitCode).toBe(0);
  await ended;
  expect(command.err.text).toBe('');
});

test('options become fields of the request, and --json prints the answer as it is', async () => {
  const answer = { status: 'ok', reply: 'r', session: 's', model: 'm' };
  const { run, seen } = await setUp((_request, response) => json(response, answer));
  const { code, stdout, stderr } = await run(['--session', 'trip', '--agent', 'main', '--model', 'a/b', '--key', 'k-1', '--json', 'hi']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual(answer);
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ message: 'hi', session: 'trip', agentId: 'main', model: 'a/b' });
  expect(seen[0]?.headers['idempotency-key']).toBe('k-1');
});

test('--no-stream waits for the whole answer', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, { reply: 'all of it' }));
  expect(await run(['--no-stream', 'hi'])).toMatchObject({ code: 0, stdout: 'all of it\n' });
  expect(seen[0]?.headers.accept).toBe('application/json');
});

test.each([
  [['-'], 'from a pipe\n'],
  [[], 'from a pipe\n'],
])('with %j the message is standard input, verbatim but for the last line break', async (args, stdin) => {
  const { run, seen } = await setUp((_request, response) => stream(response, DONE));
  expect((await run(args, { stdin: `  two\nlines ${stdin}` })).code).toBe(0);
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ message: '  two\nlines from a pipe' });
});

test('words that look like options come behind --', async () => {
  const { run, seen } = await setUp((_request, response) => stream(response, DONE));
  expect((await run(['--', '--json', 'is a flag'])).code).toBe(0);
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({ message: '--json is a flag' });
});

test.each([[[]], [['']], [['  ', ' ']]])('no message in %j is wrong usage', async (args) => {
  const { run, seen } = await setUp((_request, response) => stream(response, DONE));
  expect(await run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('no message given') });
  expect(seen).toEqual([]);
});

test('what is not UTF-8 is refused', async () => {
  const { run } = await setUp((_request, response) => stream(response, DONE));
  const stdin = Buffer.from([0xff, 0xfe]);
  expect(await run(['-'], { stdin })).toMatchObject({ code: 2, stderr: expect.stringContaining('not UTF-8') });
});

test('Ctrl-C stops the answer: the connection closes, what was said stays', async () => {
  let hasClosed = false;
  const { start } = await setUp((_request, response) => {
    response.on('close', () => (hasClosed = true));
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(event('delta', { text: 'Hel' }));
  });
  const command = start(['hi']);
  await command.out.until((text) => text === 'Hel');
  command.interrupt();
  expect(await command.exitCode).toBe(130);
  expect(command.out.text).toBe('Hel');
  await expect.poll(() => hasClosed).toBe(true);
});

test.each<[string, (response: ServerResponse) => void, number, RegExp]>([
  [
    'an error event',
    (response) =>
      stream(response, event('delta', { text: 'a' }), event('error', { error: { code: 'AGENT_ERROR', message: 'the provider said no' } })),
    1,
    /the provider said no/,
  ],
  [
    'an error before the stream',
    (response) => json(response, { error: { code: 'MODEL_NOT_FOUND', message: "no model 'a/b'" } }, 404),
    1,
    /no model 'a\/b'/,
  ],
  ['a stream that ends without an end', (response) => stream(response, event('delta', { text: 'a' })), 1, /ended early/],
  ['a stream that cannot be read', (response) => stream(response, 'event: delta\ndata: {\n\n'), 1, /cannot be read/],
  [
    'a refused token',
    (response) => json(response, { error: { code: 'UNAUTHORIZED', message: 'needs the token' } }, 401),
    1,
    /needs the token/,
  ],
])('%s fails with its reason on stderr', async (...[_title, answer, code, message]) => {
  const { run } = await setUp((_request, response) => answer(response));
  expect(await run(['hi'])).toMatchObject({ code, stderr: expect.stringMatching(message) });
});

test('without a gateway nothing is sent, and the next command is named', async () => {
  expect(await runCommand(['agent', 'hi'], { home: testPaths().home })).toEqual({
    code: 3,
    stdout: '',
    stderr: 'xopc: the gateway is not running\n  Start it with: xopc gateway start\n',
  });
});

test('what a model says cannot act on the terminal, and reaches a pipe as it is', async () => {
  const evil = '\u001b]0;title\u0007\u001b[2Jx\u202e';
  const { run } = await setUp((_request, response) => stream(response, event('delta', { text: evil }), DONE));
  expect((await run(['hi'], { isTTY: true })).stdout).toBe('\\x1b]0;title\\x07\\x1b[2Jx\\u202e\n');
  expect((await run(['hi'])).stdout).toBe(`${evil}\n`);
});
