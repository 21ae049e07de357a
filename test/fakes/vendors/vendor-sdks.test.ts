/** Each fake is what its vendor's own SDK takes for the vendor. */
import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { anthropic } from './anthropic.js';
import { google } from './google.js';
import { openAiCompletions } from './openai-completions.js';
import { openAiResponses } from './openai-responses.js';
import type { VendorProtocol } from './vendor-protocol.js';
import { calls, fails, says } from './vendor-reply.js';
import { startVendor, type VendorFake } from './vendor-server.js';

interface Read {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  readonly usage: {
    readonly input: number | undefined;
    readonly cacheRead: number | null | undefined;
    readonly output: number | undefined;
  };
  readonly stop: unknown;
}

interface Sdk {
  readonly name: string;
  readonly protocol: VendorProtocol;
  ask(fake: VendorFake, options?: { key?: string; signal?: AbortSignal; onText?: () => void }): Promise<Read>;
  statusOf(error: unknown): unknown;
  readonly ends: { readonly text: unknown; readonly calls: unknown; readonly length: unknown };
}

const KEY = 'key-of-the-fake';

const SDKS: readonly Sdk[] = [
  {
    name: 'Anthropic',
    protocol: anthropic,
    async ask({ origin }, { key = KEY, signal, onText } = {}) {
      const client = new Anthropic({ baseURL: origin, apiKey: key, maxRetries: 0 });
      const stream = client.messages.stream(
        { model: 'fake-model', max_tokens: 99, messages: [{ role: 'user', content: 'hi' }] },
        { signal },
      );
      if (onText !== undefined) stream.on('text', onText);
      const { content, usage, stop_reason: stop } = await stream.finalMessage();
      return {
        text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        calls: content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [])),
        usage: {
          input: usage.input_tokens + (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0),
          cacheRead: usage.cache_read_input_tokens,
          output: usage.output_tokens,
        },
        stop,
      };
    },
    statusOf: (error) => (error instanceof Anthropic.APIError ? error.status : error),
    ends: { text: 'end_turn', calls: 'tool_use', length: 'max_tokens' },
  },
  {
    name: 'Google',
    protocol: google,
    async ask({ origin }, { key = KEY, signal, onText } = {}) {
      const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: origin } });
      const request = { model: 'fake-model', contents: 'hi', ...(signal === undefined ? {} : { config: { abortSignal: signal } }) };
      const read = {
        text: '',
        calls: [] as { name: string; input: unknown }[],
        usage: { input: 0, cacheRead: 0, output: 0 } as Read['usage'],
        stop: undefined as unknown,
      };
      for await (const chunk of await client.models.generateContentStream(request)) {
        const parts = chunk.candidates?.[0]?.content?.parts ?? [];
        read.text += parts.map(({ text }) => text ?? '').join('');
        if (read.text !== '') onText?.();
        read.calls.push(
          ...parts.flatMap(({ functionCall }) =>
            functionCall === undefined ? [] : [{ name: functionCall.name ?? '', input: functionCall.args }],
          ),
        );
        const { usageMetadata: usage } = chunk;
        if (usage !== undefined)
          read.usage = { input: usage.promptTokenCount, cacheRead: usage.cachedContentTokenCount, output: usage.candidatesTokenCount };
        read.stop = chunk.candidates?.[0]?.finishReason ?? read.stop;
      }
      return read;
    },
    statusOf: (error) => (error instanceof ApiError ? error.status : error),
    ends: { text: 'STOP', calls: 'STOP', length: 'MAX_TOKENS' },
  },
  {
    name: 'OpenAI for chat completions',
    protocol: openAiCompletions,
    async ask({ baseUrl }, { key = KEY, signal, onText } = {}) {
      const client = new OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });
      const body = { model: 'fake-model', messages: [{ role: 'user' as const, content: 'hi' }], stream_options: { include_usage: true } };
      const stream = client.chat.completions.stream(body, { signal });
      if (onText !== undefined) stream.on('content', onText);
      const { choices, usage } = await stream.finalChatCompletion();
      return {
        text: choices[0]?.message.content ?? '',
        calls: (choices[0]?.message.tool_calls ?? []).flatMap((call) =>
          call.type === 'function' ? [{ name: call.function.name, input: JSON.parse(call.function.arguments) as unknown }] : [],
        ),
        usage: { input: usage?.prompt_tokens, cacheRead: usage?.prompt_tokens_details?.cached_tokens, output: usage?.completion_tokens },
        stop: choices[0]?.finish_reason,
      };
    },
    statusOf: (error) => (error instanceof OpenAI.APIError ? error.status : error),
    ends: { text: 'stop', calls: 'tool_calls', length: expect.anything() },
  },
  {
    name: 'OpenAI for responses',
    protocol: openAiResponses,
    async ask({ baseUrl }, { key = KEY, signal, onText } = {}) {
      const client = new OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 0 });
      const stream = client.responses.stream({ model: 'fake-model', input: [{ role: 'user', content: 'hi' }] }, { signal });
      if (onText !== undefined) stream.on('response.output_text.delta', onText);
      const { output_text: text, output, usage, status } = await stream.finalResponse();
      return {
        text,
        calls: output.flatMap((item) =>
          item.type === 'function_call' ? [{ name: item.name, input: JSON.parse(item.arguments) as unknown }] : [],
        ),
        usage: { input: usage?.input_tokens, cacheRead: usage?.input_tokens_details.cached_tokens, output: usage?.output_tokens },
        stop: status,
      };
    },
    statusOf: (error) => (error instanceof OpenAI.APIError ? error.status : error),
    ends: { text: 'completed', calls: 'completed', length: 'incomplete' },
  },
];

describe.each(SDKS)("$name's own SDK", ({ protocol, ask, statusOf, ends }) => {
  test('reads a stream of text with its usage', async () => {
    const fake = await startVendor(protocol);
    fake.reply(says('one ', 'two ', 'drei €🌍'));
    expect(await ask(fake)).toEqual({
      text: 'one two drei €🌍',
      calls: [],
      usage: { input: 11, cacheRead: 4, output: 5 },
      stop: ends.text,
    });
  });

  test('reads two calls of tools side by side', async () => {
    const fake = await startVendor(protocol);
    fake.reply(calls({ id: 'c1', name: 'time', input: {} }, { id: 'c2', name: 'fetch', input: { url: 'https://ä.example/' } }));
    const read = await ask(fake);
    expect(read.calls).toEqual([
      { name: 'time', input: {} },
      { name: 'fetch', input: { url: 'https://ä.example/' } },
    ]);
    expect(read.stop).toBe(ends.calls);
  });

  test.each([
    { name: 'too many requests', kind: 'rateLimited' as const, status: 429 },
    { name: 'a model that is not there', kind: 'notFound' as const, status: 404 },
    { name: 'a request that is refused', kind: 'invalid' as const, status: 400 },
  ])('sees $name as what it is', async ({ kind, status }) => {
    const fake = await startVendor(protocol);
    fake.reply(fails(kind));
    expect(statusOf(await ask(fake).catch((error: unknown) => error))).toBe(status);
  });

  test('is refused with a wrong key, and fails on an error in the stream and on a cut one', async () => {
    const fake = await startVendor(protocol);
    expect([400, 401]).toContain(statusOf(await ask(fake, { key: 'wrong' }).catch((error: unknown) => error)));
    fake.reply({ ...says('half'), end: 'error' }, { ...says('half'), end: 'cut' });
    await expect(ask(fake)).rejects.toThrow();
    await expect(ask(fake)).rejects.toThrow();
  });

  test('is seen when it goes away', async () => {
    const fake = await startVendor(protocol);
    fake.reply({ ...says('one', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
    const abort = new AbortController();
    await expect(ask(fake, { signal: abort.signal, onText: () => abort.abort() })).rejects.toThrow();
    await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
  });
});
