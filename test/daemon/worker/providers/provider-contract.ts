/** What every provider must do, whatever its API. */
import { describe, expect, test } from 'vitest';
import * as ai from '../../../../daemon/worker/lazy/ai.js';
import { listModels } from '../../../../daemon/worker/providers/list-models.js';
import type { ProviderFailure } from '../../../../daemon/worker/providers/failure.js';
import type { AiModule, ModelMessage, ProviderEvent, ToolCall } from '../../../../daemon/worker/providers/provider.js';
import type { ApiKind } from '../../../../shared/config/models-schema.js';
import type { VendorProtocol } from '../../../fakes/vendors/vendor-protocol.js';
import { calls, type FakeCall, fails, says, type VendorReply } from '../../../fakes/vendors/vendor-reply.js';
import { startVendor, type VendorFake } from '../../../fakes/vendors/vendor-server.js';

const { createProvider }: AiModule = ai;

export interface ProviderContract {
  readonly api: ApiKind;
  readonly protocol: VendorProtocol;
  /** The user's last text in a request as the vendor got it. */
  lastText(body: Readonly<Record<string, unknown>>): unknown;
  systemText(body: Readonly<Record<string, unknown>>): unknown;
}

const KEY = 'key-of-the-fake';
const TOOLS = [
  { name: 'time', description: 'Tells the time.', inputSchema: { type: 'object', properties: {}, additionalProperties: false } },
  { name: 'fetch', description: 'Fetches.', inputSchema: { type: 'object', properties: { url: { type: 'string' } }, required: ['url'] } },
];

interface Collected {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly last: ProviderEvent | undefined;
}

async function collect(events: AsyncIterable<ProviderEvent>): Promise<Collected> {
  const all: ProviderEvent[] = [];
  for await (const event of events) all.push(event);
  return {
    text: all.map((event) => (event.type === 'delta' ? event.text : '')).join(''),
    calls: all.flatMap((event) => (event.type === 'toolCall' ? [event.call] : [])),
    last: all.at(-1),
  };
}

const FAILURES: readonly { name: string; reply: VendorReply; failure: Partial<ProviderFailure>; text?: string }[] = [
  {
    name: 'a limit with the time to wait',
    reply: fails('rateLimited'),
    failure: { kind: 'rateLimited', status: 429, retryAfterMs: 7_000 },
  },
  {
    name: 'a model that is not there',
    reply: fails('notFound', 'no such model'),
    failure: { kind: 'notFound', status: 404, detail: 'no such model' },
  },
  { name: 'an overloaded vendor', reply: fails('overloaded'), failure: { kind: 'overloaded', status: expect.any(Number) as number } },
  { name: 'too much context', reply: fails('tooLong', 'maximum context length is 8'), failure: { kind: 'tooLong', status: 400 } },
  {
    name: 'a request that is refused',
    reply: fails('invalid', 'bad\nrequest'),
    failure: { kind: 'rejected', status: 400, detail: 'bad request' },
  },
  {
    name: "a proxy's page",
    reply: { type: 'page', status: 502, title: 'Bad Gateway' },
    failure: { kind: 'overloaded', status: 502, detail: 'an HTML page titled "Bad Gateway"' },
  },
  { name: 'a page with status 200', reply: { type: 'page', status: 200, title: 'Log in' }, failure: { kind: 'notTheApi', status: 200 } },
  { name: 'an answer without words', reply: says(), failure: { kind: 'empty' } },
  { name: 'an answer that is withheld', reply: { ...says(), end: 'filter' }, failure: { kind: 'filtered' } },
  { name: 'a stream that is cut', reply: { ...says('half '), end: 'cut' }, failure: { kind: 'cut' }, text: 'half ' },
  { name: 'a stream that stops without an end', reply: { ...says('half '), end: 'none' }, failure: { kind: 'cut' }, text: 'half ' },
  {
    name: 'an error in the stream',
    reply: { ...says('half '), end: 'error' },
    failure: { kind: 'overloaded', detail: 'Overloaded' },
    text: 'half ',
  },
  {
    name: 'an event that is no JSON, though the end is clean',
    reply: { ...says('half '), end: 'garbage' },
    failure: { kind: 'protocol' },
    text: 'half ',
  },
];

export function describeProvider({ api, protocol, lastText, systemText }: ProviderContract): void {
  const connect = (fake: Pick<VendorFake, 'baseUrl'>, apiKey = KEY) =>
    createProvider({ id: 'fake', name: 'Fake', api, baseUrl: fake.baseUrl, apiKey, headers: { 'x-team': 'blue' } });
  const question: readonly ModelMessage[] = [{ role: 'user', content: 'hello' }];
  const ask = (
    fake: VendorFake,
    request: { messages?: readonly ModelMessage[]; system?: string; modelId?: string } = {},
    signal = new AbortController().signal,
  ) =>
    collect(
      connect(fake).stream(
        { ref: 'fake/fake-model', modelId: 'fake-model', messages: question, tools: TOOLS, maxTokens: 900, ...request },
        signal,
      ),
    );

  describe(`the API ${api}`, () => {
    test('streams an answer in its parts and ends with its usage, what came from the cache included', async () => {
      const fake = await startVendor(protocol);
      fake.reply(says('Hel', 'lo, ', 'wörld 🌍'));
      const { text, last } = await ask(fake);
      expect(text).toBe('Hello, wörld 🌍');
      expect(last).toMatchObject({ type: 'finish', usage: { inputTokens: 11, outputTokens: 5, cacheReadTokens: 4 } });
    });

    test('sends what is asked verbatim, with key, headers and the system prompt', async () => {
      const fake = await startVendor(protocol);
      const content = '  a b \n\n{"role":"system"} \\u0041 ';
      await ask(fake, { system: 'Be brief.', messages: [...question, { role: 'assistant', content: 'yes' }, { role: 'user', content }] });
      const [request] = fake.requests;
      expect(request).toMatchObject({ model: 'fake-model', headers: { 'x-team': 'blue' } });
      expect(lastText(request?.body ?? {})).toBe(content);
      expect(systemText(request?.body ?? {})).toBe('Be brief.');
    });

    test('calls tools, and takes their results back in the next step', async () => {
      const fake = await startVendor(protocol);
      const wanted = [
        { id: 'c1', name: 'time', input: {} },
        { id: 'c2', name: 'fetch', input: { url: 'https://ä.example/' } },
      ];
      fake.reply(calls(...wanted), says('done'));
      const first = await ask(fake);
      expect(first.calls.map(({ name, input }) => ({ name, input }))).toEqual(wanted.map(({ name, input }) => ({ name, input })));
      expect(first.last).toMatchObject({ type: 'finish', usage: { inputTokens: 11, outputTokens: 5 } });
      const vendor = first.last?.type === 'finish' ? first.last.vendor : undefined;
      const results = first.calls.map(({ id, name }, index) => ({ callId: id, name, output: `result ${index}`, isError: index === 1 }));
      const second = await ask(fake, {
        messages: [
          ...question,
          { role: 'toolCalls', content: '', calls: first.calls, ref: 'fake/fake-model', vendor },
          { role: 'toolResults', results },
        ],
      });
      // The fake refuses calls without their results, and (Google) without the signature of its own step.
      expect(second).toMatchObject({ text: 'done', last: { type: 'finish' } });
      expect(JSON.stringify(fake.requests[1]?.body)).toContain('result 1');
    });

    test('says that a call cannot be run when its tool is not there', async () => {
      const fake = await startVendor(protocol);
      fake.reply(calls({ id: 'c1', name: 'launch', input: {} }));
      const { calls: made, last } = await ask(fake);
      expect(made).toEqual([expect.objectContaining({ name: 'launch', problem: expect.stringContaining('launch') as string })]);
      expect(last?.type).toBe('finish');
    });

    test('says that a call cannot be run when its input is nested too deep, or has a number that is not exact', async () => {
      const fake = await startVendor(protocol);
      const deep = JSON.parse(`${'{"a":'.repeat(1_500)}1${'}'.repeat(1_500)}`) as FakeCall['input'];
      fake.reply(
        calls(
          { id: 'c1', name: 'fetch', input: deep },
          { id: 'c2', name: 'fetch', input: { id: 2 ** 60 } },
          { id: 'c3', name: 'fetch', input: { id: 2 ** 53 - 1, mass: 1.989e30 } },
        ),
      );
      const { calls: made, last } = await ask(fake);
      expect(made.map(({ input, problem }) => ({ input, problem }))).toEqual([
        { input: {}, problem: 'it is nested deeper than 64 levels' },
        { input: {}, problem: expect.stringContaining('1152921504606847000') as string },
        { input: { id: 2 ** 53 - 1, mass: 1.989e30 } },
      ]);
      expect(last?.type).toBe('finish');
    });

    test.each(FAILURES)('tells $name', async ({ reply, failure, text = '' }) => {
      const fake = await startVendor(protocol);
      fake.reply(reply);
      const result = await ask(fake);
      expect(result.last).toMatchObject({ type: 'failed', failure });
      expect(result.text).toBe(text);
      // Whether to ask again is not the SDK's to decide.
      expect(fake.requests).toHaveLength(1);
    });

    test('reports a wrong key without repeating it', async () => {
      const fake = await startVendor(protocol);
      const { last } = await collect(
        connect(fake, 'key-that-is-wrong').stream({ modelId: 'fake-model', messages: question }, new AbortController().signal),
      );
      expect(last).toMatchObject({ type: 'failed', failure: { kind: 'auth' } });
      expect(JSON.stringify(last)).not.toContain('key-that-is-wrong');
    });

    test('reports a server that is not there', async () => {
      const fake = await startVendor(protocol);
      await fake.close();
      expect((await ask(fake)).last).toMatchObject({
        type: 'failed',
        failure: { kind: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') as string },
      });
    });

    test.each([
      { name: 'a plain error', reason: new Error('gone') },
      { name: 'nothing', reason: undefined },
    ])('takes an abort with $name as reason for one, and closes the connection', async ({ reason }) => {
      const fake = await startVendor(protocol);
      fake.reply({ ...says('one ', 'two'), gate: { before: 1, until: new Promise(() => {}) } });
      const abort = new AbortController();
      const events: ProviderEvent[] = [];
      for await (const event of connect(fake).stream({ modelId: 'fake-model', messages: question }, abort.signal)) {
        events.push(event);
        if (event.type === 'delta') abort.abort(reason);
      }
      expect(events).toEqual([{ type: 'delta', text: 'one ' }, { type: 'aborted' }]);
      await expect(fake.requests[0]?.ended).resolves.toBe('aborted');
    });

    test('lists the models of the server', async () => {
      const fake = await startVendor(protocol);
      expect(await listModels({ id: 'x', name: 'X', api, baseUrl: fake.baseUrl, apiKey: KEY })).toEqual(['fake-model']);
    });
  });
}
