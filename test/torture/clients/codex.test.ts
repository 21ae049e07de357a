/** Codex, as it is published, with an agent of the gateway as its model. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { calling, saying } from '../../fakes/openai/replay.js';
import { TOKEN } from '../../helpers/http-app.js';
import { startOpenAiGateway } from '../../helpers/openai-gateway.js';
import { installClient, type InstalledClient } from './installed-client.js';

const CODEX = '@openai/codex@0.171.0';
const AGENTS = { agents: { list: [{ id: 'main', systemPrompt: 'You are a boat.', model: 'up/one', tools: ['time'] }] } };

let codex: InstalledClient;

beforeAll(async () => {
  codex = await installClient(CODEX);
}, 300_000);

/** @returns its events */
async function ask(baseURL: string, prompt: string, settings: readonly string[]): Promise<Record<string, unknown>[]> {
  const provider = `model_providers.xopc={name="xopc",base_url="${baseURL}",env_key="XOPC_TOKEN",wire_api="responses"}`;
  const all = ['model_provider="xopc"', provider, ...settings].flatMap((setting) => ['-c', setting]);
  const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '--json', '-m', 'main', ...all, prompt];
  const { stdout } = await codex.node([codex.path('@openai/codex/bin/codex.js'), ...args], { XOPC_TOKEN: TOKEN });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('asks an agent, which uses its own tool, runs the command that it calls, and sends the result', async () => {
  const { baseURL, upstream } = await startOpenAiGateway(AGENTS);
  const command = JSON.stringify({ cmd: 'echo Ahoy > codex.txt' });
  upstream.play(
    calling({ id: 'c1', name: 'time', arguments: '{}' }),
    calling({ id: 'c2', name: 'exec_command', arguments: command }),
    saying('It is written.'),
  );
  const events = await ask(baseURL, 'Write Ahoy into a file.', ['web_search="disabled"', 'features.multi_agent=false']);
  expect(events).toContainEqual(
    expect.objectContaining({ item: expect.objectContaining({ type: 'agent_message', text: 'It is written.' }) as object }),
  );
  expect(events.at(-1)).toMatchObject({ type: 'turn.completed', usage: { input_tokens: expect.any(Number) as number } });
  expect(readFileSync(join(codex.directory, 'codex.txt'), 'utf8')).toBe('Ahoy\n');
  const [first, , third] = upstream.bodies.map((body) => JSON.stringify(body));
  for (const text of ['You are a boat.', 'Write Ahoy into a file.']) expect(first).toContain(text);
  expect(third).toContain('Process exited with code 0');
});

test('says which of its tools the gateway does not have', async () => {
  const { baseURL, upstream } = await startOpenAiGateway(AGENTS);
  const events = await ask(baseURL, 'Hello', ['web_search="live"', 'features.multi_agent=false']);
  expect(JSON.stringify(events)).toContain('hosted and custom tools are not supported');
  expect(upstream.bodies).toEqual([]);
});
