/** LangChain's model of OpenAI, as it is published, over the Responses API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { calling, saying } from '../../fakes/openai/replay.js';
import { TOKEN } from '../../helpers/http-app.js';
import { startOpenAiGateway } from '../../helpers/openai-gateway.js';
import { installClient, type InstalledClient } from './installed-client.js';

const PACKAGES = ['@langchain/openai@1.6.0', '@langchain/core@1.4.0', 'zod@4.6.7'];

const PROGRAM = `
import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';

const model = new ChatOpenAI({ model: 'main', useResponsesApi: true, maxRetries: 0 });
const weather = tool(async ({ city }) => 'sun in ' + city, {
  name: 'weather',
  description: 'The weather',
  schema: z.object({ city: z.string() }),
});
const bound = model.bindTools([weather]);
const question = new HumanMessage('Weather in Bern?');
const asked = await bound.invoke([question]);
const result = await weather.invoke(asked.tool_calls[0]);
const answer = await bound.invoke([question, asked, result]);
let streamed = '';
for await (const piece of await model.stream('And tomorrow?')) streamed += piece.text;
const parsed = await model.withStructuredOutput(z.object({ sun: z.boolean() })).invoke('As JSON?');
console.log(JSON.stringify([asked.tool_calls[0].args, answer.text, answer.usage_metadata.output_tokens, streamed, parsed]));
`;

let client: InstalledClient;

beforeAll(async () => {
  client = await installClient(...PACKAGES);
}, 300_000);

test('calls a tool and sends its result, streams, and reads an answer by a schema', async () => {
  const { baseURL, upstream } = await startOpenAiGateway({ agents: { list: [{ id: 'main', model: 'up/one' }] } });
  upstream.play(
    calling({ id: 'c1', name: 'weather', arguments: '{"city":"Bern"}' }),
    saying('Sunny.'),
    saying('Rain', 'y.'),
    saying('{"sun":true}'),
  );
  const program = join(client.directory, 'langchain.mjs');
  writeFileSync(program, PROGRAM);
  const { stdout, stderr } = await client.node([program], { OPENAI_BASE_URL: baseURL, OPENAI_API_KEY: TOKEN });
  expect(stdout.trim().split('\n').at(-1), stderr).toBe(JSON.stringify([{ city: 'Bern' }, 'Sunny.', 3, 'Rainy.', { sun: true }]));
  expect(JSON.stringify(upstream.bodies[1]?.['messages'])).toContain('sun in Bern');
  expect(upstream.bodies[3]).toMatchObject({ response_format: { type: 'json_schema' } });
});
