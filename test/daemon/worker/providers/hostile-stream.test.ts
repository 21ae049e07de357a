import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import * as ai from '../../../../daemon/worker/lazy/ai.js';
import type { CompletionEvent } from '../../../../daemon/worker/providers/completion.js';
import type { AiModule, Provider, ProviderEvent } from '../../../../daemon/worker/providers/provider.js';
import { tokenCount } from '../../../../daemon/worker/providers/sdk/sdk-call.js';
import { WholeCharacters } from '../../../../daemon/worker/providers/sdk/stream-text.js';
import { fakeHttp } from '../../../fakes/http-server.js';

const { createProvider }: AiModule = ai;

interface Piece {
  readonly delta?: object;
  readonly reason?: string;
  readonly usage?: object;
}

function event({ delta = {}, reason, usage }: Piece): string {
  const choices = [{ index: 0, delta, finish_reason: reason ?? null }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'one', choices, usage })}\n\n`;
}

async function connect(answer: (response: ServerResponse) => void): Promise<{ provider: Provider; seen: { path: string }[] }> {
  const server = await fakeHttp((_request, response) => answer(response));
  const baseUrl = `http://127.0.0.1:${server.port}/v1`;
  return {
    provider: createProvider({ id: 'fake', name: 'Fake', api: 'openai-completions', baseUrl, apiKey: 'sk-secret' }),
    seen: server.seen,
  };
}

const streamOf =
  (...pieces: Piece[]) =>
  (response: ServerResponse): void => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.end(`${pieces.map(event).join('')}data: [DONE]\n\n`);
  };

async function turn(provider: Provider): Promise<ProviderEvent[]> {
  const events: ProviderEvent[] = [];
  const request = { modelId: 'one', messages: [{ role: 'user' as const, content: 'hello' }] };
  for await (const next of provider.stream(request, new AbortController().signal)) events.push(next);
  return events;
}

async function complete(provider: Provider): Promise<CompletionEvent[]> {
  const events: CompletionEvent[] = [];
  const request = { modelId: 'one', messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }] };
  for await (const next of provider.complete(request, new AbortController().signal)) events.push(next);
  return events;
}

test('a character that is split between two pieces is joined, and half a character becomes U+FFFD', async () => {
  const pieces = ['a\uD83D', '\uDE00b', '\uDC00c\uD800'].map((content) => ({ delta: { content } }));
  const { provider } = await connect(streamOf(...pieces, { reason: 'stop' }));
  const said = ['a', '\u{1F600}b', '\uFFFDc', '\uFFFD'];
  expect((await turn(provider)).flatMap((next) => (next.type === 'delta' ? [next.text] : []))).toEqual(said);
  expect((await complete(provider)).flatMap((next) => (next.type === 'text' ? [next.text] : []))).toEqual(said);
});

test('invalid counts become null', async () => {
  const usage = { prompt_tokens: -1, completion_tokens: 1.5, total_tokens: 0.5 };
  const { provider } = await connect(streamOf({ delta: { content: 'hi' } }, { reason: 'stop', usage }));
  expect((await turn(provider)).at(-1)).toMatchObject({ type: 'finish', usage: { inputTokens: null, outputTokens: null } });
  expect((await complete(provider)).at(-1)).toMatchObject({ type: 'finish', usage: { inputTokens: null, outputTokens: null } });
  expect([0, 7, NaN, -1, '3', undefined, 2 ** 60].map(tokenCount)).toEqual([0, 7, null, null, null, null, null]);
});

test('a step that calls tools ends with tool_calls even when the server reports another reason', async () => {
  const call = { index: 0, id: 'c', type: 'function', function: { name: 'time', arguments: '{}' } };
  const { provider } = await connect(streamOf({ delta: { tool_calls: [call] } }, { reason: 'stop' }));
  expect((await complete(provider)).at(-1)).toMatchObject({ type: 'finish', reason: 'tool_calls' });
});

test('a redirect is not followed: it would take the key elsewhere', async () => {
  const elsewhere = await fakeHttp((_request, response) => response.end());
  const { provider } = await connect((response) => {
    response.writeHead(307, { Location: `http://localhost:${elsewhere.port}/v1/chat/completions` });
    response.end();
  });
  expect(await turn(provider)).toMatchObject([
    { type: 'failed', failure: { kind: 'notTheApi', status: 307, detail: expect.stringContaining('Moved to') } },
  ]);
  expect(elsewhere.seen).toEqual([]);
});

test.each(['turn', 'complete'] as const)('an event without an end ends the call instead of filling memory (%s)', async (kind) => {
  const chunk = Buffer.alloc(1 << 20, 'x');
  let sent = 0;
  let isCut: (value?: unknown) => void = () => undefined;
  const cut = new Promise((resolve) => (isCut = resolve));
  const { provider } = await connect((response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.once('close', () => isCut());
    response.on('error', () => undefined);
    response.write(event({ delta: { content: 'hi' } }));
    response.write('data: {"x":"');
    const more = (): void => {
      for (sent += 1; !response.destroyed && response.write(chunk); sent += 1);
    };
    response.on('drain', more);
    more();
  });
  const last = (kind === 'turn' ? await turn(provider) : await complete(provider)).at(-1);
  expect(last).toMatchObject({ type: 'failed', failure: { kind: 'protocol', detail: expect.stringContaining('too large') } });
  await cut;
  expect(sent).toBeLessThan(64);
});

test('the body of an error is read only as far as it is needed', async () => {
  let sent = 0;
  const { provider } = await connect((response) => {
    response.writeHead(400, { 'Content-Type': 'application/json' });
    response.on('error', () => undefined);
    const chunk = Buffer.alloc(1 << 16, '{"error":{"message":"no"}}');
    const more = (): void => {
      for (sent += 1; !response.destroyed && response.write(chunk); sent += 1);
    };
    response.on('drain', more);
    more();
  });
  expect(await turn(provider)).toMatchObject([{ type: 'failed', failure: { kind: 'rejected', status: 400 } }]);
  expect(sent).toBeLessThan(256);
});

test.each([0, 5, 12, 290, 295])('a key that an error quotes at %i is never shown in part', async (at) => {
  const body = JSON.stringify({ error: { message: `${'x'.repeat(at)}sk-secret-0123456789 is wrong` } });
  const server = await fakeHttp((_request, response) => response.writeHead(401, { 'Content-Type': 'application/json' }).end(body));
  const baseUrl = `http://127.0.0.1:${server.port}/v1`;
  const headers = { 'x-api-key': 'Token other-secret-0123' };
  const provider = createProvider({ id: 'f', name: 'F', api: 'openai-completions', baseUrl, apiKey: 'sk-secret-0123456789', headers });
  const [last] = await turn(provider);
  const detail = last?.type === 'failed' ? last.failure.detail : '';
  expect(detail.startsWith('x'.repeat(at))).toBe(true);
  expect(detail).not.toContain('sk-s');
});

test.each([
  ['an error', 400, 'application/json'],
  ['an event', 200, 'text/event-stream'],
  ['a document', 200, 'application/json'],
])('%s that is nested a million levels deep fails the call', async (_title, status, type) => {
  const deep = `{"error":${'{"error":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}}`;
  const { provider } = await connect((response) => {
    response.writeHead(status, { 'Content-Type': type });
    response.end(status === 200 && type !== 'application/json' ? `data: ${deep}\n\n` : deep);
  });
  expect((await turn(provider)).at(-1)).toMatchObject({
    type: 'failed',
    failure: { detail: expect.stringMatching(/^.{1,300}$/) as unknown },
  });
});

test('a model that thinks is not silent, and its thoughts are not its answer', async () => {
  const pieces = [{ reasoning_content: 'hm' }, { content: '<think>h' }, { content: 'm</think>\n' }, { content: 'hi' }];
  const { provider } = await connect(streamOf(...pieces.map((delta) => ({ delta })), { reason: 'stop' }));
  const events = await turn(provider);
  expect(events.filter(({ type }) => type === 'alive').length).toBeGreaterThanOrEqual(3);
  expect(events.flatMap((next) => (next.type === 'delta' ? [next.text] : []))).toEqual(['hi']);
  // A program is given what the model wrote.
  const text = (await complete(provider)).flatMap((next) => (next.type === 'text' ? [next.text] : []));
  expect(text.join('')).toBe('<think>hm</think>\nhi');
});

test('many small events do not count as a large one', async () => {
  const pieces = Array.from({ length: 40 }, () => ({ delta: { content: 'x'.repeat(500_000) } }));
  const { provider } = await connect(streamOf(...pieces, { reason: 'stop' }));
  expect((await turn(provider)).at(-1)).toMatchObject({ type: 'finish' });
});

test('characters are joined wherever the text is split', () => {
  const text = '\u{1F468}\u200D\u{1F469} ä \u{10FFFF}';
  for (let at = 0; at <= text.length; at += 1) {
    const whole = new WholeCharacters();
    expect(whole.push(text.slice(0, at)) + whole.push(text.slice(at)) + whole.end()).toBe(text);
  }
});
