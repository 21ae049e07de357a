import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import * as ai from '../../daemon/worker/lazy/ai.js';
import { checkConnection } from '../../daemon/worker/providers/check-connection.js';
import type { CompletionEvent, TokenCount } from '../../daemon/worker/providers/completion.js';
import { describeFailure, type ProviderFailure } from '../../daemon/worker/providers/failure.js';
import { listModels } from '../../daemon/worker/providers/list-models.js';
import type { AiModule, ConnectionSettings, ForwardEvent, ProviderEvent } from '../../daemon/worker/providers/provider.js';
import { providerTestResponse } from '../../shared/api/models.js';
import type { ApiKind } from '../../shared/config/models-schema.js';
import { anthropic } from '../fakes/vendors/anthropic.js';
import { google } from '../fakes/vendors/google.js';
import { openAiCompletions } from '../fakes/vendors/openai-completions.js';
import { openAiResponses } from '../fakes/vendors/openai-responses.js';
import type { VendorProtocol } from '../fakes/vendors/vendor-protocol.js';
import { fuzz } from './fuzz.js';
import { oddAnswer, oddDocument, startOddServer } from './odd-answers.js';

const KEY = 'sk-a-key-that-must-not-be-shown';
const { createProvider }: AiModule = ai;
const PROTOCOLS: readonly [ApiKind, VendorProtocol][] = [
  ['openai-completions', openAiCompletions],
  ['openai-responses', openAiResponses],
  ['anthropic-messages', anthropic],
  ['google-generative-ai', google],
];

const server = await startOddServer();
afterAll(() => server.close());

/** The events of a good answer, each with the text before its data. */
function eventsOf({ writer }: VendorProtocol): { head: string; data: unknown }[] {
  const { open, think, part, calls, finish } = writer('m');
  const thoughts = think?.([{ text: 'hm', signature: 'c2ln' }, { redacted: 'hidden' }]) ?? '';
  const text =
    open() + thoughts + part('hel') + part('lo') + calls([{ id: 'c1', name: 'time', input: { zone: 'UTC' } }]) + finish('stop', true);
  return text.split('\n\n').flatMap((event) => {
    const [, head = '', json = ''] = /^([\s\S]*?data: )([\s\S]*)$/.exec(event) ?? [];
    return json === '' ? [] : [{ head, data: json === '[DONE]' ? json : (JSON.parse(json) as unknown) }];
  });
}

/** A stream of which a few events are odd, missing, or repeated. */
function oddStream(protocol: VendorProtocol): fc.Arbitrary<string> {
  const good = eventsOf(protocol);
  const event = ({ head, data }: (typeof good)[number]): fc.Arbitrary<string> =>
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(`${head}${data === '[DONE]' ? data : JSON.stringify(data)}\n\n`) },
      { weight: 2, arbitrary: oddDocument(data).map((text) => `${head}${text}\n\n`) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('', 'data: \n\n', ': comment\n\n', 'data: {\n\n', `data: {"error":{"message":"${KEY}"}}\n\n`),
      },
    );
  return fc.tuple(...good.map(event)).map((parts) => parts.join(''));
}

const bodies = (protocol: VendorProtocol): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: oddStream(protocol) },
    { weight: 1, arbitrary: oddDocument(protocol.error('tooLong', `no ${KEY}`).body) },
  );

function expectWords(failure: ProviderFailure): void {
  expect(failure.detail.length).toBeLessThanOrEqual(300);
  expect(failure.detail).not.toMatch(/\n/);
  const error = describeFailure(failure, { providerName: 'Vendor', baseUrl: server.origin, modelId: 'm', source: 'models.json' }, 'chat');
  expect(error.message).toMatch(/Vendor/);
  expect(JSON.stringify({ failure, message: error.message, details: error.details })).not.toContain('sk-a-key');
}

/** Checks the events of a call: exactly one end, and it is the last. */
async function expectOneEnd(events: AsyncIterable<ProviderEvent | CompletionEvent | ForwardEvent> | undefined): Promise<void> {
  const ends: string[] = [];
  for await (const event of events ?? []) {
    expect(ends).toEqual([]);
    if (event.type === 'finish' || event.type === 'failed' || event.type === 'aborted' || event.type === 'end') ends.push(event.type);
    if (event.type === 'failed') expectWords(event.failure);
    if (event.type === 'delta' || event.type === 'text' || event.type === 'reasoning') expect(event.text.isWellFormed()).toBe(true);
    if (event.type === 'toolCall') expect([typeof event.call.id, typeof event.call.name]).toEqual(['string', 'string']);
    if (event.type === 'finish')
      for (const count of [event.usage.inputTokens, event.usage.outputTokens]) expect(count ?? 0).toBeGreaterThanOrEqual(0);
  }
  expect(ends).toHaveLength(1);
  expect(ends).not.toContain('aborted');
}

const settingsOf = (api: ApiKind, { basePath }: VendorProtocol): ConnectionSettings => {
  return { id: 'vendor', name: 'Vendor', api, baseUrl: server.origin + basePath, apiKey: KEY };
};

test.each(PROTOCOLS)('whatever a server of %s answers, a call ends once, with a value or with words', (api, protocol) =>
  fuzz(40, () => {
    const provider = createProvider(settingsOf(api, protocol));
    const { signal } = new AbortController();
    const tools = [{ name: 'time', description: 'tells the time', inputSchema: { type: 'object' } }];
    return fc.asyncProperty(oddAnswer(bodies(protocol), 'text/event-stream'), fc.boolean(), async (answer, isTurn) => {
      server.answer = answer;
      if (isTurn) return expectOneEnd(provider.stream({ modelId: 'm', messages: [{ role: 'user', content: 'hello' }], tools }, signal));
      const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
      return expectOneEnd(provider.complete?.({ modelId: 'm', messages }, signal));
    });
  }),
);

test('whatever a server answers, a count of tokens ends once, with a number or with words', () =>
  fuzz(40, () => {
    const provider = createProvider(settingsOf('anthropic-messages', anthropic));
    const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hello' }] }];
    return fc.asyncProperty(oddAnswer(oddDocument({ input_tokens: 42 }), 'application/json'), async (answer) => {
      server.answer = answer;
      const ends: TokenCount[] = [];
      for await (const event of provider.count?.({ modelId: 'm', messages }, new AbortController().signal) ?? []) ends.push(event);
      expect(ends).toHaveLength(1);
      const [end] = ends;
      if (end?.type === 'failed') return expectWords(end.failure);
      expect(end?.type === 'counted' && Number.isSafeInteger(end.inputTokens) && end.inputTokens >= 0).toBe(true);
    });
  }));

test('whatever a server answers, a forwarded call ends once', () =>
  fuzz(60, () => {
    const provider = createProvider(settingsOf('openai-completions', openAiCompletions));
    const body = oddDocument({ data: [{ embedding: [0.1] }], error: { message: `no ${KEY}` } });
    return fc.asyncProperty(oddAnswer(body, 'application/json'), (answer) => {
      server.answer = answer;
      return expectOneEnd(provider.forward?.({ path: 'embeddings', body: { model: 'm' } }, new AbortController().signal));
    });
  }));

test('whatever a server lists, its models are names or there are none, and a test of it says what is wrong', () =>
  fuzz(40, () => {
    const answers = fc.oneof(
      ...PROTOCOLS.map(([api, protocol]) =>
        fc.tuple(fc.constant(settingsOf(api, protocol)), oddAnswer(oddDocument(protocol.models(['one', 'two'])), 'application/json')),
      ),
    );
    return fc.asyncProperty(answers, async ([settings, answer]) => {
      server.answer = answer;
      const models = await listModels(settings).catch((error: unknown) => {
        expect((error as Error).message).not.toContain('sk-a-key');
        return [];
      });
      for (const model of models) expect(model).toMatch(/^\S{1,200}$/);
      const result = providerTestResponse().parse({ status: 'ok', ...(await checkConnection(settings, 'one')) });
      expect(result.message).not.toContain('sk-a-key');
    });
  }));
