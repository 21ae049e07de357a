/** OpenAI's Agents SDK, as it is published and with its defaults, with an agent of the gateway as its model. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { calling, saying } from '../../fakes/openai/replay.js';
import { TOKEN } from '../../helpers/http-app.js';
import { startOpenAiGateway } from '../../helpers/openai-gateway.js';
import { installClient, type InstalledClient } from './installed-client.js';

const PACKAGES = ['@openai/agents@0.20.0', 'zod@4.6.7'];

const PROGRAM = `
import { Agent, OpenAIConversationsSession, run, tool } from '@openai/agents';
import { z } from 'zod';

const weather = tool({
  name: 'weather',
  description: 'The weather',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => 'sun in ' + city,
});
const agent = new Agent({ name: 'Guide', instructions: 'Be brief.', model: 'main', tools: [weather] });
const first = await run(agent, 'Weather in Bern?');
const streamed = await run(agent, 'And tomorrow?', { stream: true, previousResponseId: first.lastResponseId });
let second = '';
for await (const piece of streamed.toTextStream()) second += piece;
await streamed.completed;
const session = new OpenAIConversationsSession();
const third = await run(agent, 'Remember me.', { session });
const fourth = await run(agent, 'Who am I?', { session });
console.log(JSON.stringify([first.finalOutput, second, third.finalOutput, fourth.finalOutput]));
`;

let client: InstalledClient;

beforeAll(async () => {
  client = await installClient(...PACKAGES);
}, 300_000);

test('runs a tool, streams, continues a response by its id, and keeps a conversation', async () => {
  const { baseURL, upstream } = await startOpenAiGateway({
    agents: { list: [{ id: 'main', systemPrompt: 'You are a boat.', model: 'up/one' }] },
  });
  upstream.play(
    calling({ id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' }),
    saying('Sunny.'),
    saying('Rain', 'y.'),
    saying('Yes.'),
    saying('You.'),
  );
  const program = join(client.directory, 'agents.mjs');
  writeFileSync(program, PROGRAM);
  const env = { OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: TOKEN, OPENAI_AGENTS_DISABLE_TRACING: '1' };
  const { stdout, stderr } = await client.node([program], env);
  expect(stdout.trim().split('\n').at(-1), stderr).toBe(JSON.stringify(['Sunny.', 'Rainy.', 'Yes.', 'You.']));
  const sent = upstream.bodies.map((body) => JSON.stringify(body['messages']));
  for (const text of ['You are a boat.', 'Be brief.', 'Weather in Bern?', 'sun in Bern']) expect(sent[1]).toContain(text);
  for (const text of ['Weather in Bern?', 'sun in Bern', 'Sunny.', 'And tomorrow?']) expect(sent[2]).toContain(text);
  for (const text of ['Remember me.', 'Yes.', 'Who am I?']) expect(sent[4]).toContain(text);
});
