import { expect, test } from 'vitest';
import type { GatewayEvent } from '../../../../shared/api/gateway/events.js';
import { EventLog } from '../../../../daemon/worker/observe/event-log.js';
import { gatewayEvents } from '../../../../shared/api/gateway/events.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp, type TestApp, type TestOptions } from '../../../helpers/http-app.js';
import { openWire, type Wire } from '../../../helpers/http-request.js';

interface EventApp extends TestApp {
  readonly log: EventLog;
  readonly clock: FakeClock;
  /** Opens the stream. */
  readonly follow: (headers?: Record<string, string>) => Promise<Wire>;
}

async function startEventApp(options: TestOptions = {}): Promise<EventApp> {
  const clock = new FakeClock();
  const log = new EventLog({ instanceId: 'wk_a', version: '1', buildId: 'b', clock });
  const app = await startHttpApp({ ...options, clock, services: { events: log } });
  const follow = async (headers: Record<string, string> = {}): Promise<Wire> => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const wire = await openWire(app.port, `GET /api/events HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`);
    await wire.until(/event: hello/);
    return wire;
  };
  return { ...app, log, clock, follow };
}

const usage = { inputTokens: 1, outputTokens: null, costUsd: null };
const all: GatewayEvent[] = [
  { type: 'session', session: 's', change: 'created' },
  { type: 'turn', session: 's', agentId: 'main', state: 'started', model: null, usage: null },
  { type: 'turn', session: 's', agentId: 'main', state: 'done', model: 'a/b', usage },
  { type: 'message', id: 'msg_1', channel: 'webhook', accountId: 'default', chat_id: '1', status: 'delivered' },
  { type: 'channel', channel: 'telegram', state: 'backoff', message: 'no network' },
  { type: 'config', outcome: 'applied', revision: 'r' },
  { type: 'token', id: 'tok_1', change: 'revoked' },
  { type: 'draining' },
];

test('every kind of event is streamed in its documented shape, with an id, and the stream ends with the worker', async () => {
  const { log, follow } = await startEventApp();
  const wire = await follow();
  for (const event of all) log.publish(event);
  await wire.until(/event: draining[\s\S]*\r\n0\r\n\r\n/);
  const text = wire.received();
  expect(text).toMatch(/200 OK[\s\S]*text\/event-stream; charset=utf-8[\s\S]*retry: 1000\n/);
  const events = [...text.matchAll(/id: (\S+)\nevent: (\w+)\ndata: (.*)\n\n/g)];
  expect(events.map(([, , type]) => type)).toEqual(['hello', ...all.map(({ type }) => type)]);
  expect(events.map(([, id]) => id)).toEqual(['wk_a.0', ...all.map((_event, index) => `wk_a.${index + 1}`)]);
  const schemas = gatewayEvents();
  for (const [, , type = '', data = ''] of events)
    expect(schemas[type as keyof typeof schemas].safeParse(JSON.parse(data)).error).toBeUndefined();
});

test('Last-Event-ID brings back what was missed', async () => {
  const { log, follow } = await startEventApp();
  log.publish({ type: 'session', session: 'first', change: 'created' });
  log.publish({ type: 'session', session: 'second', change: 'created' });
  const wire = await follow({ 'Last-Event-ID': 'wk_a.1' });
  await wire.until(/second/);
  expect(wire.received()).not.toContain('first');
  const other = await follow({ 'Last-Event-ID': 'wk_gone.7' });
  await other.until(/event: reset/);
});

test('a silent stream is kept alive by a comment every 15 s', async () => {
  const { clock, follow } = await startEventApp();
  const wire = await follow();
  for (const count of [1, 2]) {
    clock.advance(15_000);
    await wire.until(new RegExp(`(: heartbeat[\\s\\S]*){${count}}`));
    expect(wire.received().split(': heartbeat')).toHaveLength(count + 1);
  }
});

test('a restart does not wait for those who follow', async () => {
  const { log, follow, app } = await startEventApp();
  const wire = await follow();
  log.publish({ type: 'draining' });
  const drained = app.drain('restart', 60_000);
  await wire.until(/event: draining/);
  await wire.until(/\r\n0\r\n\r\n/);
  wire.socket.end();
  expect(await drained).toEqual({ requests: 0, streams: 0, sockets: 0 });
});

test('a follower that goes away is forgotten', async () => {
  const { follow, app } = await startEventApp();
  const wire = await follow();
  wire.socket.destroy();
  await expect.poll(() => app.vitals()).toEqual({ connections: 0, inFlight: 0 });
});

test.each([
  ['the token is missing', { 'X-Forwarded-For': '198.51.100.7' }, 401],
  ['the id has a blank', { 'Last-Event-ID': 'a b' }, 400],
])('it is refused where %s', async (_why, headers, status) => {
  const { send } = await startEventApp();
  expect((await send('/api/events', { headers })).status).toBe(status);
});
