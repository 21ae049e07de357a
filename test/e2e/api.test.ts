/** The API of a gateway as users run it: what a change does, and what those who follow see of a restart. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { onTestFinished, expect, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { RealGateway, until } from '../helpers/real-gateway.js';

async function tokenOf(gateway: RealGateway): Promise<string> {
  return (await gateway.xopc('gateway', 'token', '--show')).stdout.trim();
}

interface Api {
  readonly token: string;
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
  ) => Promise<{ status: number; json: Record<string, unknown>; etag: string | null }>;
}

async function apiOf(gateway: RealGateway): Promise<Api> {
  const token = await tokenOf(gateway);
  const call: Api['call'] = async (method, path, body) => {
    const response = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown>, etag: response.headers.get('etag') };
  };
  return { token, call };
}

test('a provider added by the API answers within a second, through OpenAI’s SDK, and its key is in no answer and no log', async () => {
  const provider = await startFakeOpenAi({ apiKey: 'sk-fake-0123456789' });
  onTestFinished(() => provider.close());
  const gateway = await RealGateway.start();
  const { token, call } = await apiOf(gateway);
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: token, maxRetries: 0 });
  const local = { baseUrl: provider.baseUrl, apiKey: 'sk-fake-0123456789', models: [{ id: 'echo' }] };
  const answer = await call('PATCH', '/api/models-json', { providers: { local } });
  expect(answer).toMatchObject({ status: 200, json: { providers: { local: { apiKey: { $secret: true, hint: '…6789' } } } } });
  await until('the model to be there', async () => (await client.models.list()).data.some(({ id }) => id === 'local/echo'));
  const completion = await client.chat.completions.create({ model: 'local/echo', messages: [{ role: 'user', content: 'say it' }] });
  expect(completion.choices[0]?.message.content).toBe('say it');
  expect(readFileSync(gateway.logPath, 'utf8')).not.toContain('sk-fake-0123456789');
});

test('a change of config.json keeps its comments, is in force without a restart, and is refused when it would be invalid', async () => {
  const gateway = await RealGateway.create();
  mkdirSync(gateway.xopcHome, { mode: 0o700 });
  writeFileSync(join(gateway.xopcHome, 'config.json'), '{\n  // mine\n  "logs": { "level": "info" } // quiet\n}\n');
  await gateway.run(['--config', join(gateway.xopcHome, 'config.json')]);
  const { call } = await apiOf(gateway);
  const before = gateway.workerPid();
  const { etag } = await call('GET', '/api/config');
  const patched = await call('PATCH', '/api/config', { agents: { list: [{ id: 'main', name: 'Boat' }] } });
  expect([patched.status, patched.etag === etag]).toEqual([200, false]);
  await until('the change to be in force', async () => (await call('GET', '/api/config')).json['inForce'] === true);
  expect((await call('PATCH', '/api/config', { gateway: { port: 'x' } })).status).toBe(400);
  const text = readFileSync(join(gateway.xopcHome, 'config.json'), 'utf8');
  expect(text).toMatch(/\/\/ mine[\s\S]*\/\/ quiet/);
  expect(text).toContain('"Boat"');
  expect(gateway.workerPid()).toBe(before);
  const { json } = await call('GET', '/api/config');
  expect(json).toMatchObject({ sources: { 'gateway.port': 'env', 'logs.level': 'file' }, effective: { gateway: { port: gateway.port } } });
});

test('a restart ends an event stream cleanly and at once, and the stream after it says that events are missing', async () => {
  const drainTimeoutMs = 25_000;
  const gateway = await RealGateway.create();
  gateway.put('config.json', { gateway: { drainTimeoutMs } });
  await gateway.run();
  const first = await fetch(`${gateway.url}/api/events`);
  const told = first.text();
  const restart = await gateway.xopc('gateway', 'restart');
  // The drain did not wait for the stream.
  expect([restart.code, restart.durationMs < drainTimeoutMs]).toEqual([0, true]);
  const text = await told;
  expect(text).toMatch(/event: draining\n.*\n\n$/);
  const lastEventId = [...text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? '';
  const stop = new AbortController();
  const next = await fetch(`${gateway.url}/api/events`, { headers: { 'Last-Event-ID': lastEventId }, signal: stop.signal });
  let seen = '';
  for await (const chunk of next.body!.pipeThrough(new TextDecoderStream())) {
    seen += chunk;
    if (seen.includes('event: reset')) break;
  }
  expect(seen).toContain('event: hello');
  stop.abort();
});

test('the link of `gateway open` gives a session once, never the token, also after a restart', async () => {
  const gateway = await RealGateway.start();
  expect((await gateway.xopc('gateway', 'open')).stdout.trim()).toMatch(/^http:\/\/\S+:\d+$/);
  const { url } = JSON.parse((await gateway.xopc('gateway', 'open', '--json')).stdout) as { url: string };
  expect(url).toMatch(/^http:\/\/\S+\/#link=[\w-]{43}$/);
  await gateway.xopc('gateway', 'restart');
  const body = JSON.stringify({ link: url.split('#link=')[1] });
  const take = () => fetch(`${gateway.url}/api/page-session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  const taken = await take();
  expect(await taken.text()).not.toContain(await tokenOf(gateway));
  const Cookie = taken.headers.get('set-cookie')?.split(';')[0] ?? '';
  const logs = (): Promise<Response> => fetch(`${gateway.url}/api/logs`, { headers: { Cookie } });
  expect([taken.status, (await logs()).status, (await take()).status]).toEqual([200, 200, 401]);
  await gateway.xopc('gateway', 'restart');
  expect((await logs()).status).toBe(200);
  await gateway.xopc('gateway', 'token', '--rotate');
  await expect.poll(async () => (await logs()).status).toBe(401);
});
