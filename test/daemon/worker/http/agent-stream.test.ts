import { once } from 'node:events';
import { expect, test } from 'vitest';
import { agentEvents } from '../../../../shared/api/agent.js';
import { NO_USAGE, type TurnEvent } from '../../../../daemon/worker/turns/turn-event.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { hangingScript } from '../../../helpers/fake-services.js';
import { startHttpApp, type TestApp } from '../../../helpers/http-app.js';
import { openWire, type Wire } from '../../../helpers/http-request.js';

const stream = { Accept: 'text/event-stream' };

function askText(body: object, accept = 'text/event-stream'): string {
  const text = JSON.stringify(body);
  return `POST /api/agent HTTP/1.1\r\nHost: localhost\r\nAccept: ${accept}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** `[event name, data]` of a stream's text; comments are left out. */
function eventsOf(text: string): [string, Record<string, unknown>][] {
  return [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(([, name = '', data = '']) => [
    name,
    JSON.parse(data) as Record<string, unknown>,
  ]);
}

async function openStream({ port }: TestApp): Promise<Wire> {
  const wire = await openWire(port, askText({ message: 'hi' }));
  await wire.until(/event: delta/);
  return wire;
}

test('a turn is streamed event by event, in the documented shapes, and ends the stream', async () => {
  const { send } = await startHttpApp();
  const answer = await send('/api/agent', { method: 'POST', body: { message: 'line\nbreak' }, headers: stream });
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
    'cache-control': 'no-store, no-transform',
  });
  const events = eventsOf(answer.text);
  expect(events.map(([name]) => name)).toEqual(['delta', 'tool', 'delta', 'done']);
  const schemas = agentEvents();
  for (const [name, data] of events) expect(schemas[name as keyof typeof schemas].safeParse(data).error).toBeUndefined();
  expect(events.at(-1)?.[1]).toMatchObject({ reply: 'You said: line\nbreak', model: 'fake/echo' });
});

test.each([
  ['text/event-stream', true],
  ['text/event-stream, */*;q=0.1', true],
  ['application/json, text/event-stream;q=0.5', false],
  ['*/*', false],
  ['application/json', false],
  ['text/event-stream;q=0', false],
])('Accept: %s asks for a stream: %s', async (accept, isStream) => {
  const { send } = await startHttpApp();
  const answer = await send('/api/agent', { method: 'POST', body: { message: 'x' }, headers: { Accept: accept } });
  expect(String(answer.headers['content-type']).startsWith('text/event-stream')).toBe(isStream);
});

test.each<[string, GatewayError | Error, number]>([
  ['MODEL_NOT_FOUND', new GatewayError('MODEL_NOT_FOUND', { message: 'no model' }), 404],
  ['INVALID_REQUEST', new GatewayError('INVALID_REQUEST', { message: 'no agent' }), 400],
  ['INTERNAL_ERROR', new TypeError('bug'), 500],
])('%s before the first event is answered with its status, streamed or not', async (code, error, status) => {
  const { send, services } = await startHttpApp();
  services.script = () => refusing(error);
  for (const headers of [stream, {}]) {
    const answer = await send('/api/agent', { method: 'POST', body: { message: 'x' }, headers });
    expect(answer).toMatchObject({ status, json: { error: { code } } });
  }
});

/** A turn that is refused before its first event. */
function refusing(error: Error): AsyncIterable<TurnEvent> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
}

async function* failing(): AsyncGenerator<TurnEvent> {
  await Promise.resolve();
  yield { type: 'delta', text: 'a' };
  yield { type: 'error', error: new GatewayError('AGENT_ERROR', { message: 'quota used up' }) };
}
async function* throwing(): AsyncGenerator<TurnEvent> {
  await Promise.resolve();
  yield { type: 'delta', text: 'a' };
  throw new Error('secret');
}
async function* ending(): AsyncGenerator<TurnEvent> {
  await Promise.resolve();
  yield { type: 'delta', text: 'a' };
}

test.each([
  ['reports an error', failing, 'AGENT_ERROR', 502],
  ['throws', throwing, 'INTERNAL_ERROR', 500],
  ['ends without an answer', ending, 'INTERNAL_ERROR', 500],
])('a turn that %s ends its stream with one error, and its answer with the status', async (_what, script, ...[code, status]) => {
  const { send, services } = await startHttpApp();
  services.script = script;
  const streamed = await send('/api/agent', { method: 'POST', body: { message: 'x' }, headers: stream });
  expect(eventsOf(streamed.text)).toMatchObject([
    ['delta', { text: 'a' }],
    ['error', { error: { code, requestId: streamed.headers['x-request-id'] } }],
  ]);
  expect(streamed.text).not.toContain('secret');
  expect(await send('/api/agent', { method: 'POST', body: { message: 'x' } })).toMatchObject({ status, json: { error: { code } } });
});

test('a silent turn is kept alive by a comment every 15 s', async () => {
  const clock = new FakeClock();
  const app = await startHttpApp({ clock });
  app.services.script = hangingScript;
  const wire = await openStream(app);
  for (const count of [1, 2, 3]) {
    clock.advance(14_999);
    expect(wire.received().split(': heartbeat').length).toBe(count);
    clock.advance(1);
    await wire.until(new RegExp(`(: heartbeat[\\s\\S]*){${count}}`));
  }
});

test('a turn that takes long to begin gets its stream opened meanwhile', async () => {
  const clock = new FakeClock();
  const { port, services, app } = await startHttpApp({ clock });
  let begin = (): void => undefined;
  services.script = async function* () {
    await new Promise<void>((resolve) => (begin = resolve));
    yield { type: 'done', reply: 'late', session: 's', sessionKey: 's', model: 'm', usage: NO_USAGE };
  };
  const wire = await openWire(port, askText({ message: 'x' }));
  await once(app.server, 'request');
  await expect.poll(() => services.calls.length).toBe(1);
  clock.advance(1_000);
  await wire.until(/200 OK[\s\S]+: open/);
  begin();
  await wire.until(/event: done\ndata: \{"reply":"late"/);
});

test.each([
  ['streamed', 'text/event-stream'],
  ['waited for', 'application/json'],
])('a client that goes away aborts the turn it %s', async (_how, accept) => {
  const { port, app, services, lines } = await startHttpApp();
  let signal: AbortSignal | undefined;
  services.script = (first, given) => {
    signal = given;
    return hangingScript(first, given);
  };
  const wire = await openWire(port, askText({ message: 'hi' }, accept));
  await expect.poll(() => signal).toBeDefined();
  expect(signal?.aborted).toBe(false);
  wire.socket.destroy();
  await expect.poll(() => signal?.aborted).toBe(true);
  await expect.poll(() => app.vitals()).toEqual({ connections: 0, inFlight: 0 });
  expect(lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('a finished turn is not aborted afterwards', async () => {
  const { send, services, app } = await startHttpApp();
  const signals: AbortSignal[] = [];
  const { script } = services;
  services.script = (message, signal) => (signals.push(signal), script(message, signal));
  await send('/api/agent', { method: 'POST', body: { message: 'x' }, headers: stream });
  await send('/api/agent', { method: 'POST', body: { message: 'x' } });
  await expect.poll(() => app.vitals().connections).toBe(0);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
});

test('a client that reads slowly holds the turn back instead of filling memory', async () => {
  const app = await startHttpApp();
  const piece = 'x'.repeat(65_536);
  let produced = 0;
  app.services.script = async function* () {
    for (;;) {
      await Promise.resolve();
      produced += piece.length;
      yield { type: 'delta', text: piece };
    }
  };
  const wire = await openStream(app);
  wire.socket.pause();
  let before = -1;
  await expect.poll(() => before === (before = produced), { interval: 200, timeout: 10_000 }).toBe(true);
  expect(produced).toBeLessThan(32_000_000);
  wire.socket.resume();
  await expect.poll(() => produced).toBeGreaterThan(before);
});

test('a message that is also delivered goes on without its caller, any other ends with it', async () => {
  const { port, app, services } = await startHttpApp();
  const signals: AbortSignal[] = [];
  services.reply = (_content, signal) => (signals.push(signal), new Promise(() => undefined));
  for (const deliver of [true, false]) {
    const text = JSON.stringify({ channel: 'c', chat_id: '1', content: 'x', deliver });
    const wire = await openWire(
      port,
      `POST /api/message/sync HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
    );
    await expect.poll(() => signals.length).toBe(deliver ? 1 : 2);
    wire.socket.destroy();
    await expect.poll(() => app.vitals().connections).toBe(0);
  }
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
});
