/** Answers without an end: each call fails within its limits, and memory stays bounded. */
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { BotApi } from '../../daemon/worker/channels/telegram/api/bot-api.js';
import { post } from '../../daemon/worker/channels/http-post.js';
import * as ai from '../../daemon/worker/lazy/ai.js';
import type { AiModule } from '../../daemon/worker/providers/provider.js';
import { fakeHttp } from '../fakes/http-server.js';
import { TOKEN } from '../fakes/telegram/server.js';

const { createProvider }: AiModule = ai;
const MAX_GROWTH_BYTES = 500 * 1_048_576;
const { signal } = new AbortController();

/** Writes the same chunk until the reader goes away. */
async function flood(headers: Readonly<Record<string, string>>, chunk: string, status = 200): Promise<string> {
  const bytes = Buffer.from(chunk.repeat(Math.ceil(65_536 / chunk.length)));
  const { port } = await fakeHttp((_request, response: ServerResponse) => {
    response.writeHead(status, headers);
    response.on('error', () => undefined);
    const more = (): void => {
      while (!response.destroyed && response.write(bytes));
    };
    response.on('drain', more);
    more();
  });
  return `http://127.0.0.1:${port}`;
}

/** Returns what the call gives, and by how much the process has grown meanwhile. */
async function measured<T>(call: () => Promise<T>): Promise<{ value: T; grownBytes: number }> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  try {
    return { value: await call(), grownBytes: most - before };
  } finally {
    clearInterval(timer);
  }
}

const chunk = (delta: object): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null }] })}\n\n`;

test.each([
  ['reasons', chunk({ reasoning_content: 'hm, ' })],
  ['says nothing', chunk({ content: '' })],
  ['calls one tool', chunk({ tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'time', arguments: '{"a":"b"' } }] })],
])('a model that %s without an end fails its turn', async (_title, event) => {
  const baseUrl = await flood({ 'content-type': 'text/event-stream' }, event);
  const provider = createProvider({ id: 'f', name: 'F', api: 'openai-completions', baseUrl, apiKey: 'sk-0123456789' });
  const tools = [{ name: 'time', description: 'tells the time', inputSchema: { type: 'object' } }];
  const { value, grownBytes } = await measured(async () => {
    let last: unknown;
    const request = { modelId: 'm', messages: [{ role: 'user' as const, content: 'hello' }], tools };
    for await (const next of provider.stream(request, signal)) last = next;
    return last;
  });
  expect(value).toMatchObject({ type: 'failed', failure: { kind: 'protocol' } });
  expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
});

test.each([200, 400, 500])('an answer of the Bot API without an end fails its call (status %i)', async (status) => {
  const apiRoot = await flood({ 'content-type': 'application/json' }, '[{"update_id":1},', status);
  const api = new BotApi({ token: TOKEN, apiRoot });
  const { value, grownBytes } = await measured(() => api.call('getUpdates', {}, signal));
  expect(value).toMatchObject({ ok: false, failure: { type: 'network', reason: expect.stringContaining('without JSON') as string } });
  expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
  api.close();
});

test.each([200, 500])('an answer of a webhook receiver without an end ends the attempt (status %i)', async (status) => {
  const url = new URL(await flood({ 'content-type': 'text/plain' }, 'no ', status));
  const { value, grownBytes } = await measured(() =>
    post({ url, headers: {}, body: '{}', timeoutMs: 15_000, readBytes: (code) => (code < 300 ? 0 : 2_048), signal, agent: false }),
  );
  expect(value).toMatchObject({ type: 'answered', status });
  expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES / 4);
});
