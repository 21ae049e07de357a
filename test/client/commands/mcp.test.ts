import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { APPLY } from '../../../client/commands/config/config-command.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json, type SeenRequest } from '../../fakes/http-server.js';
import { runCommand, type CommandLineOptions } from '../../helpers/command-line.js';
import { fakeMcpService } from '../../helpers/fake-mcp.js';
import { testPaths } from '../../helpers/lock-file.js';

const signal = AbortSignal.timeout(60_000);

async function setUp({ isError = false, error = null as string | null, transport = 'stdio' } = {}) {
  const mcp = fakeMcpService([]);
  const answer = async ({ path, method }: SeenRequest, response: ServerResponse): Promise<void> => {
    if (path === '/api/config') json(response, { inForce: true, pinned: {} });
    else if (method === 'GET')
      json(
        response,
        path === '/api/mcp' ? { servers: mcp.list().map((server) => ({ ...server, transport })) } : { tools: await mcp.tools('files') },
      );
    else if (path.endsWith('/test')) json(response, { ...(await mcp.probe('files')), ok: error === null, error });
    else json(response, { result: { ...(await mcp.call('files', { tool: '', input: {}, signal })), isError } });
  };
  const server = await fakeHttp((request, response) => void answer(request, response));
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const run = (args: string[], options: Partial<CommandLineOptions> = {}) => runCommand(['mcp', ...args], { home: paths.home, ...options });
  const written = (): unknown => (JSON.parse(readFileSync(paths.configPath, 'utf8')) as { mcp?: { servers?: unknown } }).mcp?.servers;
  return { run, written, home: paths.home, seen: server.seen };
}

test('a server is added as a program or an address, once, and removed', async () => {
  const { run, written } = await setUp();
  const program = ['add', 'files', '--env', 'KEY=${MY_KEY}', '--cwd', '/srv', '--', 'npx', '-y', 'server-files', '--all'];
  expect(await run(program)).toMatchObject({ code: 0, stderr: expect.stringContaining('mcp.servers.files is set in ') as string });
  const remote = ['add', 'remote', '--url', 'https://mcp.example/mcp', '--header', 'X-Team: ops', '--token-env', 'MY_TOKEN'];
  expect((await run(remote, { variables: { MY_TOKEN: 'secret-token' } })).code).toBe(0);
  expect(written()).toEqual({
    files: { command: 'npx', args: ['-y', 'server-files', '--all'], cwd: '/srv', env: { KEY: '${MY_KEY}' } },
    remote: { url: 'https://mcp.example/mcp', token: 'secret-token', headers: { 'X-Team': 'ops' } },
  });
  const before = written();
  for (const [args, reason] of [
    [program, "there is an MCP server 'files' already"],
    [['add', 'Files', '--', 'x'], 'mcp.servers.Files is not a valid name'],
    [['add', 'both', '--url', 'http://x', '--', 'x'], 'a program or a URL is required'],
    [['add', 'none'], 'a program or a URL is required'],
    [['add', 'odd', '--env', 'x', '--', 'x'], "--env is 'x'"],
    [['add', 'odd', '--header', 'X-Team: ops', '--', 'x'], '--header is for a server with a URL, and odd is a program'],
    [['add', 'odd', '--token-env', 'MY_TOKEN', '--', 'x'], '--token-env is for a server with a URL'],
    [['add', 'odd', '--token-stdin', '--', 'x'], '--token-stdin is for a server with a URL'],
    [['add', 'odd', '--url', 'http://x', '--env', 'A=B'], '--env is for a program, and odd has a URL'],
    [['add', 'odd', '--url', 'http://x', '--cwd', '/srv'], '--cwd is for a program'],
    [['remove', 'nobody'], "there is no MCP server 'nobody'"],
  ] as const) {
    const { code, stderr } = await run([...args]);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(reason)]);
  }
  expect(written()).toEqual(before);
  expect((await run(['remove', 'remote'])).code).toBe(0);
  expect(Object.keys(written() as object)).toEqual(['files']);
});

test('the directory of a program is that of the command, except a variable of the gateway', async () => {
  const { run, written } = await setUp();
  expect((await run(['add', 'here', '--cwd', 'tools', '--', 'x'])).code).toBe(0);
  expect((await run(['add', 'there', '--cwd', '${TOOLS}/x', '--', 'x'], { variables: { TOOLS: '/srv' } })).code).toBe(0);
  expect(written()).toMatchObject({ here: { cwd: resolve('tools') }, there: { cwd: '${TOOLS}/x' } });
});

test('a change that the running gateway rejects ends with 78, and is not to be tried', async () => {
  const { limitMs } = APPLY;
  onTestFinished(() => void (APPLY.limitMs = limitMs));
  APPLY.limitMs = 60;
  const { port } = await fakeHttp((_request, response) => json(response, { inForce: false, pinned: {} }));
  const paths = testPaths();
  const warnings = [{ code: 'CONFIG_INVALID', message: 'the gateway runs with the last good configuration' }];
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port, warnings }));
  for (const args of [
    ['mcp', 'add', 'files', '--', 'npx'],
    ['mcp', 'remove', 'files'],
  ]) {
    const { code, stderr } = await runCommand(args, { home: paths.home });
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('has rejected it') as string });
    expect(stderr).not.toContain('Try it');
  }
});

test('servers and tools are listed, tried and called', async () => {
  const { run, seen } = await setUp();
  expect((await run(['list'])).stdout).toMatch(/^NAME +STATE .*\nfiles +running +1 +npx +4711/);
  expect(JSON.parse((await run(['list', '--json'])).stdout)).toMatchObject({ servers: [{ name: 'files' }] });
  expect((await run(['tools', 'files'])).stdout).toMatch(/\nread_file +yes +Reads a file\./);
  expect((await run(['test', 'files'])).stdout).toBe('✅ files answers in 480 ms: files 1.0.0, 1 tools, MCP 2025-11-25\n');
  expect(await run(['call', 'files', 'read_file', '{"path": "x"}'])).toMatchObject({ code: 0, stdout: 'buy milk\n' });
  expect((await run(['call', 'files', 'read_file', '-'], { stdin: '{"path": "y"}' })).code).toBe(0);
  expect(seen.filter(({ path }) => path.endsWith('/call')).map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
    ['/api/mcp/files/tools/read_file/call', { arguments: { path: 'x' } }],
    ['/api/mcp/files/tools/read_file/call', { arguments: { path: 'y' } }],
  ]);
  expect(await run(['call', 'files', 'read_file', '{path}'])).toMatchObject({ code: 2 });
  const rounded = await run(['call', 'files', 'read_file', '{"id": 1324567890123456789}']);
  expect([rounded.code, rounded.stderr]).toEqual([2, expect.stringContaining('the number 1324567890123456789 would be rounded')]);
});

test('a tool that reports an error, and a server that does not answer, end with 1', async () => {
  const { run, home } = await setUp({ isError: true, error: 'it ended with exit code 3' });
  expect(await run(['call', 'files', 'read_file'])).toMatchObject({ code: 1, stdout: 'buy milk\n' });
  const tested = await run(['test', 'files']);
  expect([tested.code, tested.stderr]).toEqual([
    1,
    expect.stringContaining("the test of the MCP server 'files' failed: it ended with exit code 3"),
  ]);
  const [, hinted = ''] = /xopc (gateway logs .*)/.exec(tested.stderr) ?? [];
  expect((await runCommand(hinted.split(' '), { home })).stderr).toContain('there is no log yet');
});

test('there is no log of a server at a URL', async () => {
  const { run } = await setUp({ error: 'it answered 404: no such path', transport: 'http' });
  const { code, stderr } = await run(['test', 'files']);
  expect([code, stderr]).toEqual([1, expect.stringContaining("the MCP server 'files' failed: it answered 404: no such path")]);
  expect(stderr).not.toContain('logs');
});
