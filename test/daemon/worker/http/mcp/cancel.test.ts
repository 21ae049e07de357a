/** A client that cancels a call of `/mcp` ends what it asked for. */
import { once } from 'node:events';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OlderClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OlderTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import { hangingScript } from '../../../../helpers/fake-services.js';
import { startHttpApp, type TestApp } from '../../../../helpers/http-app.js';
import { sendRequest } from '../../../../helpers/http-request.js';

const info = { name: 'test', version: '1' };
const ask = { name: 'ask_agent', arguments: { message: 'hi' } };

interface HungApp extends TestApp {
  /** Of the turns, in the order in which they began. */
  readonly signals: readonly AbortSignal[];
  readonly url: URL;
}

async function start(): Promise<HungApp> {
  const app = await startHttpApp();
  const signals: AbortSignal[] = [];
  app.services.script = (_message, signal) => {
    signals.push(signal);
    return hangingScript('so far', signal);
  };
  return { ...app, signals, url: new URL(`http://127.0.0.1:${app.port}/mcp`) };
}

/** Calls the agent. @returns once its first word is there */
type Begin = (signal: AbortSignal) => Promise<{ readonly ended: Promise<unknown> }>;

async function connect({ url }: HungApp, revision?: string): Promise<Begin> {
  const client = new Client(info, revision === undefined ? {} : { versionNegotiation: { mode: { pin: revision } } });
  await client.connect(new StreamableHTTPClientTransport(url));
  onTestFinished(() => client.close());
  return (signal) =>
    new Promise((resolve) => {
      const ended = client.callTool(ask, { signal, onprogress: () => resolve({ ended }) });
    });
}

async function connectOlder({ url }: HungApp): Promise<Begin> {
  const client = new OlderClient(info);
  await client.connect(new OlderTransport(url) as never);
  onTestFinished(() => client.close());
  return (signal) =>
    new Promise((resolve) => {
      const ended = client.callTool(ask, undefined, { signal, onprogress: () => resolve({ ended }) });
    });
}

test.each([
  ['2025-11-25', (app: HungApp) => connect(app)],
  ['2026-07-28', (app: HungApp) => connect(app, '2026-07-28')],
  ['of the older SDK', connectOlder],
])('a client %s that cancels ends its turn, and that of no other client', async (_name, open) => {
  const app = await start();
  // The calls of both have the same id.
  const [left, right] = [await open(app), await open(app)];
  const stop = new AbortController();
  const { ended } = await left(stop.signal);
  const other = await right(new AbortController().signal);
  other.ended.catch(() => undefined);
  const [first, second] = app.signals as [AbortSignal, AbortSignal];
  const aborted = once(first, 'abort');
  stop.abort();
  await Promise.all([aborted, expect(ended).rejects.toThrow()]);
  expect(second.aborted).toBe(false);
});

test('a client goes on at a gateway that did not begin with it, and cancels there', async () => {
  const app = await start();
  const headers = { Accept: 'application/json, text/event-stream', 'Mcp-Session-Id': 'of-another-gateway' };
  const post = (body: object) => sendRequest(app.port, '/mcp', { method: 'POST', headers, body: { jsonrpc: '2.0', ...body } });
  expect((await post({ id: 1, method: 'tools/list' })).status).toBe(200);
  const asked = post({ id: 'a', method: 'tools/call', params: ask });
  await expect.poll(() => app.signals.length).toBe(1);
  await post({ method: 'notifications/cancelled', params: { requestId: 'b' } });
  expect(app.signals[0]?.aborted).toBe(false);
  await post({ method: 'notifications/cancelled', params: { requestId: 'a' } });
  expect(app.signals[0]?.aborted).toBe(true);
  expect((await asked).text).toContain('UNAVAILABLE');
});

test('a notification is answered 202, without a body', async () => {
  const app = await start();
  const body = { jsonrpc: '2.0', method: 'notifications/initialized' };
  const answer = await sendRequest(app.port, '/mcp', { method: 'POST', headers: { Accept: 'application/json, text/event-stream' }, body });
  expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([202, '', undefined]);
});
