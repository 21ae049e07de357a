import { expect, onTestFinished, test } from 'vitest';
import { createTracer } from '../../../../daemon/worker/tracing/tracer.js';
import { Tracing } from '../../../../daemon/worker/tracing/tracing.js';
import { systemClock } from '../../../../shared/clock.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { type CollectedSpan, type Collector, startCollector } from '../../../fakes/collector/collector.js';
import { callsTools, says, unauthorized } from '../../../fakes/openai/reply.js';
import { type FakeOpenAi, startFakeOpenAi } from '../../../fakes/openai/server.js';
import { startWebhookReceiver } from '../../../fakes/webhook-receiver/receiver.js';
import { eventually } from '../../../helpers/eventually.js';
import { startHttpApp, type TestApp } from '../../../helpers/http-app.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { fakeModels, makeConversation, type TestConversation } from '../../../helpers/make-conversation.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
/** In everything that is said, and in nothing that is collected. */
const SECRET = 'the-content-of-a-message';

interface Traced extends TestApp {
  readonly conversation: TestConversation;
  readonly fake: FakeOpenAi;
  readonly collector: Collector;
  /** Everything so far, in the order of its end. Nothing is traced after it. */
  collect(): Promise<CollectedSpan[]>;
}

async function startTraced(config: object = {}): Promise<Traced> {
  const [collector, fake] = [await startCollector(), await startFakeOpenAi()];
  onTestFinished(() => fake.close());
  const traces = configSchema.parse({ telemetry: { traces: { url: collector.url } } });
  const service = { version: '1.2.3', instanceId: 'wk_test' };
  const tracing = new Tracing({
    config: () => traces,
    lookup: () => undefined,
    load: () => ({ createTracer }),
    service,
    clock: systemClock,
    logger: logMemory(),
  });
  const conversation = await makeConversation({ config, models: fakeModels(fake.baseUrl), tracing });
  const app = await startHttpApp({ services: conversation, tracing });
  const collect = async (): Promise<CollectedSpan[]> => {
    await tracing.close(1_000);
    expect([collector.problems, JSON.stringify(collector.spans).includes(SECRET)]).toEqual([[], false]);
    return collector.spans;
  };
  return { ...app, conversation, fake, collector, collect };
}

const named = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = spans.find((span) => span.name === name);
  if (found === undefined) throw new Error(`no span '${name}' among: ${spans.map((span) => span.name).join(', ')}`);
  return found;
};

test('a request, its turn, the steps of the model and the tools are one trace, which continues the caller’s; no text is in it', async () => {
  const { send, fake, conversation, lines, collect } = await startTraced({
    agents: { list: [{ id: 'main', name: 'Main', model: { primary: 'fake/one', fallbacks: ['fake/two'] } }] },
  });
  fake.reply(unauthorized(), callsTools({ name: 'time', input: {} }), callsTools({ name: SECRET, input: {} }), says(SECRET));
  const headers = { traceparent: `00-${TRACE}-${PARENT}-01` };
  expect((await send('/api/agent', { method: 'POST', headers, body: { message: SECRET, session: 'work' } })).status).toBe(200);
  await eventually(() => expect(lines.some(({ fields }) => fields['traceId'] === TRACE)).toBe(true));
  expect(conversation.log.entries.find(({ message }) => message === 'a turn has ended')?.fields).toMatchObject({ traceId: TRACE });
  const spans = await collect();
  const [request, turn] = [named(spans, 'POST /api/agent'), named(spans, 'invoke_agent main')];
  expect(spans.every(({ traceId }) => traceId === TRACE)).toBe(true);
  expect(request).toMatchObject({
    parentSpanId: PARENT,
    kind: 2,
    isError: false,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/api/agent',
      'url.path': '/api/agent',
      'url.scheme': 'http',
      'http.response.status_code': 200,
    },
  });
  expect(turn).toMatchObject({
    parentSpanId: request.spanId,
    kind: 1,
    isError: false,
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.id': 'main',
      'gen_ai.agent.name': 'Main',
      'gen_ai.conversation.id': 'main:api:default:direct:work',
      'gen_ai.provider.name': 'fake',
      'gen_ai.request.model': 'one',
    },
  });
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === turn.spanId);
  expect(steps.map(({ name, kind, isError }) => [name, kind, isError])).toEqual([
    ['chat one', 3, true],
    ['chat two', 3, false],
    ['execute_tool time', 1, false],
    ['chat two', 3, false],
    ['execute_tool unknown', 1, true],
    ['chat two', 3, false],
  ]);
  const [failed, called, tool, , , last] = steps.map(({ attributes }) => attributes);
  expect(failed).toMatchObject({ 'error.type': '401', 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'one' });
  expect(called).toMatchObject({ 'gen_ai.response.finish_reasons': ['tool_calls'], 'gen_ai.response.model': 'm' });
  expect(tool).toMatchObject({ 'gen_ai.tool.name': 'time', 'gen_ai.tool.call.id': 'call_0', 'gen_ai.tool.type': 'function' });
  expect(last).toMatchObject({
    'gen_ai.provider.name': 'fake',
    'gen_ai.agent.id': 'main',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(fake.baseUrl).port),
    'gen_ai.response.finish_reasons': ['stop'],
    'gen_ai.usage.input_tokens': expect.any(Number) as number,
    'gen_ai.usage.output_tokens': expect.any(Number) as number,
    'gen_ai.response.time_to_first_chunk': expect.any(Number) as number,
  });
});

test('calls of programs, schedules and deliveries are traced; refusals and failures say what they are', async () => {
  const receiver = await startWebhookReceiver();
  const channels = { webhook: { accounts: { hook: { url: receiver.url } } } };
  const { send, fake, conversation, collect } = await startTraced({ channels, agents: { defaults: { model: 'fake/one' } } });
  const post = (path: string, body: object) => send(path, { method: 'POST', body });
  const messages = [{ role: 'user', content: SECRET }];
  fake.reply(says(SECRET), says(SECRET), says(SECRET));
  expect((await post('/v1/chat/completions', { model: 'fake/two', messages })).status).toBe(200);
  expect((await post('/v1/messages', { model: 'main', messages, max_tokens: 9 })).status).toBe(200);
  expect((await post('/v1/responses', { model: 'main', input: SECRET })).status).toBe(200);
  await send('/v1/nowhere?secret');
  fake.reply(unauthorized());
  expect((await post('/v1/chat/completions', { model: 'fake/two', messages })).status).toBe(403);
  const message = await post('/api/message', { channel: 'webhook', chat_id: '1', content: SECRET });
  const job = await post('/api/cron/create', { schedule: '0 0 1 1 *', message: SECRET, mode: 'agent', session: 'isolated' });
  expect((await post('/api/cron/trigger', { job_id: (job.json as { job: { id: string } }).job.id })).status).toBe(200);
  const delivery = `/api/messages/${String(message.json?.['message_id'])}`;
  await eventually(async () => expect((await send(delivery)).text).toContain('"delivered"'));
  await eventually(() => expect(conversation.log.entries.some(({ message }) => message === 'scheduled turn done')).toBe(true));
  const spans = await collect();
  const childrenOf = (name: string): string[] =>
    spans.filter(({ parentSpanId }) => parentSpanId === named(spans, name).spanId).map((span) => span.name);
  expect(childrenOf('POST /v1/chat/completions')).toEqual(['chat two']);
  expect(childrenOf('POST /v1/messages')).toEqual(['chat one']);
  expect(childrenOf('POST /v1/responses')).toEqual(['chat one']);
  expect(childrenOf('run schedule')).toEqual(['invoke_agent main']);
  expect(named(spans, 'run schedule').parentSpanId).toBeUndefined();
  expect(named(spans, 'send webhook')).toMatchObject({
    kind: 4,
    isError: false,
    attributes: {
      'messaging.system': 'webhook',
      'xopc.account.id': 'hook',
      'xopc.delivery.status': 'delivered',
      'xopc.delivery.attempt': 1,
    },
  });
  expect(spans.find(({ attributes }) => attributes['http.response.status_code'] === 404)).toMatchObject({ name: 'GET', isError: false });
  expect(spans.find(({ name, isError }) => name === 'chat two' && isError)?.attributes).toMatchObject({ 'error.type': '401' });
});
