import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Throttle } from '../../../../../daemon/worker/tools/mcp/throttle.js';
import { isAlive } from '../../../../../shared/node/process/process-identity.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { everything, filesystem, mcpServers, misbehaving } from '../../../../helpers/mcp-servers.js';

const AGENT = { id: 'main', enabled: true } as const;
const GOES_ON = new AbortController().signal;
const CONTEXT = { agentId: 'main', sessionKey: 'main:x', callKey: 'k' };

test('the tools of real servers are called by the names that models see', async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'xopc-mcp-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'note.txt'), 'buy milk');
  const { servers, groups } = mcpServers({ all: everything(), files: filesystem(directory) });
  expect(servers.list()).toMatchObject([{ name: 'all', state: 'idle', target: 'node', tools: null }, { name: 'files' }]);
  expect(groups()).toEqual([]);
  const tools = await servers.toolsFor(AGENT, GOES_ON);
  const named = (name: string) => tools.find(({ definition }) => definition.name === name);
  const call = (name: string, input: object) => named(name)?.run(input, { ...CONTEXT, signal: AbortSignal.timeout(20_000) });
  expect(named('files__read_text_file')).toMatchObject({ hasEffects: false, isRepeatable: true, isBuiltIn: false });
  expect(named('files__write_file')).toMatchObject({ hasEffects: true, isBuiltIn: false });
  expect(await call('all__get-sum', { a: 2, b: 3 })).toContain('5');
  expect(await call('files__read_text_file', { path: join(directory, 'note.txt') })).toBe('buy milk');
  await expect(call('files__read_text_file', { path: '/etc/passwd' })).rejects.toThrow('Access denied');
  const shown = { text: expect.stringContaining('(an image, ') as string, pictures: [expect.stringMatching('^iVBORw0KGgo') as string] };
  expect(await call('all__get-tiny-image', {})).toEqual(shown);
  expect(groups()).toHaveLength(2);
  expect(
    (await servers.toolsFor({ ...AGENT, mcpServers: ['files', 'unknown'] }, GOES_ON)).map(({ definition }) => definition.name),
  ).not.toContain('all__echo');
  await servers.stop();
  expect(groups()).toEqual([]);
});

test('whatever a server does wrong fails the call that it answers, and nothing else', async () => {
  const { call, servers, log, groups, state, events } = mcpServers({ odd: misbehaving(), short: misbehaving('', { timeoutMs: 100 }) });
  const echo = async (): Promise<string> => (await call('odd', 'echo', { input: { text: 'here' } })).text;
  expect(await echo()).toBe('here');
  const [pid] = groups();
  await Promise.all([
    expect(call('short', 'never')).rejects.toThrow(
      "the MCP server 'short' is too slow: it did not finish 'never' within 100 ms (mcp.servers.short.timeoutMs)",
    ),
    expect(call('odd', 'malformed')).rejects.toThrow('its answer is not a message of the protocol'),
    expect(call('odd', 'deep')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('its result is nested deeper than 64 levels') as string,
    }),
    expect(call('odd', 'large')).resolves.toMatchObject({ text: '{"id":"1324567890123456800 (may be rounded)","count":7}' }),
    expect(call('odd', 'never', { signal: AbortSignal.timeout(50) })).rejects.toThrow('does not answer'),
    expect(call('odd', 'refuse')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: "the MCP server 'odd' refused the call: bad params ****",
    }),
    expect(call('odd', 'ask')).resolves.toMatchObject({ text: 'refused: Method not found' }),
  ]);
  expect(await call('odd', 'picture')).toMatchObject({
    text: '(an image, 3 KB)\n(a recording, 3 bytes)',
    images: [{ mediaType: 'image/png' }],
  });
  expect(await call('odd', 'fail')).toMatchObject({ text: 'the key **** is wrong', isError: true });
  const environment = (await call('odd', 'environment')).text.split(' ');
  expect(environment).toContain('npm_config_cache');
  expect(environment).not.toContain('VITEST');
  await call('odd', 'log', { input: { text: 'a line' } });
  await eventually(() => expect(log.entries).toContainEqual(expect.objectContaining({ fields: { server: 'odd', stderr: 'a line' } })));
  expect(log.entries.length).toBeLessThan(200);
  expect((await servers.toolsFor({ ...AGENT, mcpServers: ['odd', 'odd'] }, GOES_ON)).length).toBe(16);
  await call('odd', 'change');
  expect((await servers.tools('odd')).map(({ name }) => name)).toEqual(['changed']);
  expect(await echo()).toBe('here');
  expect(groups()[0]).toBe(pid);
  await expect(call('odd', 'die')).rejects.toThrow('it ended with exit code 7');
  expect(state('odd')).toMatchObject({ state: 'backoff', error: expect.stringContaining('it ended with exit code 7') as string });
  expect(events.at(-1)).toMatchObject({ type: 'mcp', server: 'odd', state: 'backoff' });
});

test('a stop does not wait for the calls of a server that was taken out before', async () => {
  const { call, configure, servers, groups } = mcpServers({ odd: misbehaving() });
  await call('odd', 'echo');
  const never = call('odd', 'never', { signal: new AbortController().signal });
  configure({});
  await Promise.all([expect(never).rejects.toThrow(/it (was )?ended/), servers.stop()]);
  expect(groups()).toEqual([]);
});

test('a second that was counted before the clock was set back is over', () => {
  const clock = new FakeClock();
  const throttle = new Throttle(clock, 1);
  throttle.count();
  throttle.count();
  expect(throttle.isOver()).toBe(true);
  clock.jump(-3_600_000);
  expect(throttle.isOver()).toBe(false);
});

test('answers of 100 MB and floods are not kept, and the server goes on', async () => {
  const { call } = mcpServers({ odd: misbehaving() });
  await expect(call('odd', 'huge')).rejects.toThrow(/its answer has 100000\d\d\d bytes/);
  expect((await call('odd', 'flood')).text).toBe('flooded');
  // Nothing that waits for a full pipe is left behind, of which Node would warn.
  const input = { text: 'x'.repeat(100_000) };
  for (const { text } of await Promise.all(Array.from({ length: 12 }, () => call('odd', 'echo', { input })))) expect(text).toBe(input.text);
});

test('a server ends with everything that it started, also one that ignores what it is asked', async () => {
  const clock = new FakeClock();
  const { call, groups, servers, configure, state } = mcpServers({ odd: misbehaving('stubborn'), other: misbehaving() }, clock);
  const grandchild = Number((await call('odd', 'fork')).text);
  await call('other', 'echo');
  const [pid = 0, kept = 0] = groups();
  expect(isAlive(grandchild)).toBe(true);
  // Nobody calls them: first their input ends, then SIGTERM, then SIGKILL for the group.
  clock.advance(600_000);
  expect(state('odd').state).toBe('idle');
  clock.advance(2_000);
  await eventually(() => expect(isAlive(kept)).toBe(false));
  expect(isAlive(pid)).toBe(true);
  clock.advance(3_000);
  await eventually(() => expect([isAlive(pid), isAlive(grandchild)]).toEqual([false, false]));
  await eventually(() => expect(groups()).toEqual([]));
  // Started again by the next call; a change of the other one does not touch it.
  expect((await call('odd', 'echo', { input: { text: 'again' } })).text).toBe('again');
  const before = groups();
  configure({ odd: misbehaving('stubborn'), other: misbehaving('', { timeoutMs: 5_000 }) });
  expect(groups()).toEqual(before);
  configure({});
  await expect(servers.tools('odd')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  clock.advance(5_000);
  await eventually(() => expect(groups()).toEqual([]));
});

test('a server that hangs does not pass a test, and the next call starts it again', async () => {
  const clock = new FakeClock();
  const { call, groups, servers, state } = mcpServers({ odd: misbehaving('', { timeoutMs: 1_000 }) }, clock);
  expect(await servers.probe('odd')).toMatchObject({ ok: true, tools: 16 });
  const [pid = 0] = groups();
  process.kill(pid, 'SIGSTOP');
  // Both ask it: neither takes the list that is known.
  const failed = { ok: false, error: 'it did not list its tools within 1000 ms', tools: null };
  expect(await Promise.all([servers.probe('odd'), servers.probe('odd')])).toMatchObject([failed, failed]);
  expect(state('odd').state).toBe('idle');
  const echo = call('odd', 'echo', { input: { text: 'again' } });
  await eventually(() => {
    clock.advance(5_000);
    expect(isAlive(pid)).toBe(false);
  });
  expect((await echo).text).toBe('again');
  expect(groups()).not.toContain(pid);
});

test('a stop does not leave a server that is being stopped already', async () => {
  const clock = new FakeClock();
  const { groups, servers } = mcpServers({ odd: misbehaving('', { timeoutMs: 1_000 }) }, clock);
  await servers.probe('odd');
  const [pid = 0] = groups();
  process.kill(pid, 'SIGSTOP');
  expect(await servers.probe('odd')).toMatchObject({ ok: false });
  const stopped = servers.stop();
  await new Promise(setImmediate);
  clock.advance(1_000);
  await stopped;
  expect(isAlive(pid)).toBe(false);
});

test('a stop does not wait for a start that waits for the end of the program before it, nor lets it begin', async () => {
  const clock = new FakeClock();
  const { call, groups, servers } = mcpServers({ odd: misbehaving('', { timeoutMs: 1_000 }) }, clock);
  await servers.probe('odd');
  const [pid = 0] = groups();
  process.kill(pid, 'SIGSTOP');
  expect(await servers.probe('odd')).toMatchObject({ ok: false });
  const refused = call('odd', 'echo').catch((error: Error) => error.message);
  const stopped = servers.stop();
  await new Promise(setImmediate);
  clock.advance(1_000);
  await stopped;
  expect(await refused).toContain('it is being stopped');
  expect([isAlive(pid), groups()]).toEqual([false, []]);
});

test('a server that fails is left alone for a while, longer each time, and what it says has no secrets', async () => {
  const clock = new FakeClock();
  const long = misbehaving('dies', { env: { MODE: 'dies', SECRET_KEY: `sk-${'0123456789'.repeat(60)}` } });
  const { call, servers, state } = mcpServers({ odd: misbehaving('dies'), none: { command: '/nowhere/xopc' }, long }, clock);
  const failed = { state: 'backoff', error: 'it ended with exit code 3: cannot start with ****' };
  await expect(call('odd', 'echo')).rejects.toThrow(failed.error);
  expect(state('odd')).toEqual(failed);
  await expect(call('odd', 'echo')).rejects.toThrow('the next try is in 1 s');
  clock.advance(500);
  expect(state('odd')).toEqual({ ...failed, state: 'failed' });
  await expect(call('odd', 'echo')).rejects.toThrow(failed.error);
  clock.advance(999);
  expect(state('odd').state).toBe('backoff');
  expect(await servers.probe('odd')).toMatchObject({ ok: false, error: failed.error, tools: null });
  // The clock is set back while it is left alone.
  clock.jump(-3_600_000);
  clock.advance(2_000);
  expect(state('odd').state).toBe('failed');
  await expect(call('odd', 'echo')).rejects.toThrow(/\*{4}$/);
  expect(await servers.probe('long')).toMatchObject({ error: failed.error });
  expect(await servers.probe('none')).toMatchObject({
    ok: false,
    error: expect.stringContaining("there is no program '/nowhere/xopc'") as string,
  });
});

test('of a program that crashes the error is the reason, not what is printed below it', async () => {
  const crash = `throw Object.assign(new TypeError('no key'), { code: 'E_KEY' })`;
  const { servers } = mcpServers({ odd: { command: process.execPath, args: ['-e', crash] } });
  expect(await servers.probe('odd')).toMatchObject({ ok: false, error: 'it ended with exit code 1: TypeError: no key' });
});

test('tools that cannot be given to models are left out, with the reason', async () => {
  const { servers } = mcpServers({ odd: misbehaving('odd') });
  const tools = await servers.tools('odd');
  expect(tools.map(({ fullName, problem }) => [fullName.length > 40 ? 'long' : fullName, problem])).toEqual([
    ['odd__fine', null],
    ['odd__no-schema', 'its schema is not that of an object'],
    ['odd__list', 'its schema is not that of an object'],
    ['odd__large', 'its schema has 40034 characters; at most 32768 are allowed'],
    ['odd__deep', 'its schema is nested deeper than 64 levels'],
    ['odd__a_b', null],
    ['odd__a_b', 'another tool is called odd__a_b'],
    ['long', 'its name must have 1 to 128 characters'],
    ['long', null],
  ]);
  expect(tools.every(({ fullName }) => /^[a-zA-Z0-9_-]{1,64}$/.test(fullName))).toBe(true);
  expect(await servers.probe('odd')).toMatchObject({ ok: true, server: { name: 'misbehaving' }, tools: 9 });
  expect((await servers.toolsFor(AGENT, GOES_ON)).map(({ definition }) => definition.name.slice(0, 12))).toEqual([
    'odd__fine',
    'odd__a_b',
    'odd__lllllll',
  ]);
});
