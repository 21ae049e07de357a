/** MCP servers of a real gateway: whatever ends, they end with it, with everything that they started. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { McpCallResult, McpServerDocument } from '../../shared/api/tools/mcp.js';
import { callsTools, says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { killHard, processesOf } from '../helpers/home-processes.js';
import { misbehaving } from '../helpers/mcp-servers.js';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';

const CONFIGURED = 10;

async function startGateway(env: Record<string, string>): Promise<RealGateway> {
  const gateway = await RealGateway.create(env);
  const servers = Object.fromEntries(Array.from({ length: CONFIGURED }, (_, index) => [`odd${index}`, misbehaving('stubborn')]));
  mkdirSync(gateway.xopcHome, { recursive: true });
  const agents = { defaults: { mcpServers: ['odd0'] } };
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify({ agents, mcp: { servers } }));
  expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
  return gateway;
}

test(
  'servers start when they are needed, and end with the worker, the supervisor or both, however these end',
  { tags: ['long'] },
  async () => {
    const provider = await startFakeOpenAi();
    onTestFinished(() => provider.close());
    const gateway = await startGateway({ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: 'sk-test-0123456789' });
    const list = async () => ((await (await fetch(`${gateway.url}/api/mcp`)).json()) as { servers: McpServerDocument[] }).servers;
    expect((await list()).map(({ state }) => state)).toEqual(Array.from({ length: CONFIGURED }, () => 'idle'));
    const before = processesOf(gateway.home).length;

    provider.reply(callsTools({ name: 'odd0__echo', input: { text: 'from the server' } }));
    provider.reply(says('It said so.'));
    const turn = await gateway.xopc('agent', '--model', 'openai/fake-model', '--json', 'ask it');
    expect(JSON.parse(turn.stdout)).toMatchObject({ reply: 'It said so.' });
    expect(JSON.stringify(provider.requests.at(-1)?.body)).toContain('from the server');
    expect((await list()).filter(({ state }) => state === 'running').map(({ name }) => name)).toEqual(['odd0']);
    expect(processesOf(gateway.home)).toHaveLength(before + 1);

    /** Both processes of a server: it has started another one, which ignores everything but SIGKILL. */
    const startBoth = async (): Promise<number[]> => {
      const { code, stdout, stderr } = await gateway.xopc('mcp', 'call', 'odd0', 'fork', '--json');
      expect(code, stderr).toBe(0);
      const pid = (await list()).find(({ state }) => state === 'running')?.pid ?? 0;
      return [pid, Number((JSON.parse(stdout) as McpCallResult).text)];
    };
    const gone = (pids: readonly number[]): Promise<unknown> => until('both to end', () => !pids.some(isAlive));

    let pids = await startBoth();
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
    await gone(pids);

    pids = await startBoth();
    const worker = gateway.workerPid();
    killHard(worker);
    await gone(pids);
    await gateway.untilReplaced(worker);

    pids = await startBoth();
    killHard(gateway.lock().pid);
    expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
    await gone(pids);

    pids = await startBoth();
    const { pid, children } = gateway.lock();
    for (const killed of [pid, ...children.filter(({ role }) => role === 'worker').map((child) => child.pid)]) killHard(killed);
    expect((await gateway.xopc('gateway', 'start')).code).toBe(0);
    await gone(pids);

    pids = await startBoth();
    expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
    await gone(pids);
    expect(processesOf(gateway.home)).toEqual([]);
  },
);
