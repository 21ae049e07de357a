/** Clients of `/mcp` in front of a real gateway. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway } from '../helpers/real-gateway.js';

test('a client of /mcp does not notice a restart, not even while an agent answers it', async () => {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const gateway = await RealGateway.create();
  gateway.put('models.json', fakeModels(model.baseUrl));
  gateway.put('config.json', { agents: { defaults: { model: 'fake/one' } } });
  await gateway.run();
  const url = new URL(`${gateway.url}/mcp`);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(url));
  onTestFinished(() => client.close());

  const first = gateway.workerPid();
  let restarted: ReturnType<RealGateway['xopc']> | undefined;
  model.reply({ type: 'text', parts: ['Hello', ' there'], delayMs: 300 });
  const ask = (message: string, onprogress?: () => void) =>
    client.callTool({ name: 'ask_agent', arguments: { message, session: 'notes' } }, onprogress === undefined ? {} : { onprogress });
  // Under way while the worker is replaced.
  const answer = await ask('Hello', () => void (restarted ??= gateway.xopc('gateway', 'restart')));
  expect(answer.structuredContent).toMatchObject({ reply: 'Hello there', sessionKey: 'main:api:default:direct:notes' });
  expect((await restarted)?.code).toBe(0);
  expect(gateway.workerPid()).not.toBe(first);
  expect((await ask('Again')).content).toEqual([{ type: 'text', text: 'Again' }]);
  const read = await client.callTool({ name: 'read_session', arguments: { session: 'notes' } });
  expect((read.structuredContent as { messages: { content: string }[] }).messages.map(({ content }) => content)).toEqual([
    'Hello',
    'Hello there',
    'Again',
    'Again',
  ]);
});
