import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ProviderRegistry } from '../../../../daemon/worker/providers/registry.js';
import { fetchDispatcher } from '../../../../daemon/worker/providers/sdk/fetch-dispatcher.js';
import { createModelService } from '../../../../daemon/worker/models/models.js';
import type { ModelService } from '../../../../daemon/worker/models/models.js';
import { createGuide } from '../../../../daemon/worker/turns/model/guide.js';
import { systemClock } from '../../../../shared/clock.js';
import { freePort } from '../../../helpers/free-port.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { modelsSchema } from '../../../../shared/config/models-schema.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const list: Answer = (request, response) => {
  const isThere = request.url === '/v1/models';
  const isKnown = request.headers.authorization === 'Bearer sk-right';
  response.writeHead(isThere ? (isKnown ? 200 : 401) : 404, { 'Content-Type': 'application/json' });
  response.end(isThere && isKnown ? '{"data":[{"id":"small"},{"id":"large"}]}' : '{"error":{"message":"no"}}');
};

function serviceWith(providers: Record<string, unknown> = {}): ModelService {
  const registry = new ProviderRegistry({
    document: modelsSchema.parse({ providers }),
    lookup: () => undefined,
    ai: () => {
      throw new Error('not asked for');
    },
    listModels: () => Promise.resolve([]),
    builtIn: createGuide({ modelsPath: '/m', configPath: '/c' }),
    clock: systemClock,
    local: { found: () => undefined, ready: () => Promise.resolve() },
  });
  return createModelService({
    registry: () => registry,
    calls: { read: () => Promise.reject(new Error('not asked for')) },
    config: () => configSchema.parse({}),
  });
}

test('the test of a provider returns its models, before it is saved and by its id', async () => {
  const url = await serve(list);
  const wanted = { ok: true, cause: null, httpStatus: 200, models: ['small', 'large'], message: 'Connected; 2 models found.' };
  expect(await serviceWith().test({ baseUrl: `${url}/v1`, apiKey: 'sk-right' })).toMatchObject(wanted);
  const saved = serviceWith({ mine: { baseUrl: `${url}/v1`, apiKey: 'sk-right' } });
  expect(await saved.test({ id: 'mine', model: 'small' })).toMatchObject(wanted);
  // A header of the same name, however it is spelled, takes the place of the key.
  const headers = { AUTHORIZATION: 'Bearer sk-right' };
  expect(await serviceWith({ both: { baseUrl: `${url}/v1`, apiKey: 'sk-wrong', headers } }).test({ id: 'both' })).toMatchObject(wanted);
  expect(await saved.test({ id: 'mine', model: 'huge' })).toMatchObject({
    ok: false,
    cause: 'modelMissing',
    message: expect.stringMatching(/'huge'/),
  });
});

test('a user and password in an address are sent as a header, and kept in the suggested address', async () => {
  const authorization = `Basic ${Buffer.from('me:pass word').toString('base64')}`;
  const url = await serve((request, response) => {
    const isThere = request.url === '/v1/models' && request.headers.authorization === authorization;
    response.writeHead(isThere ? 200 : 404, { 'Content-Type': 'application/json' }).end('{"data":[{"id":"small"}]}');
  });
  const address = url.replace('://', '://me:pass%20word@');
  const service = serviceWith({ mine: { baseUrl: `${address}/v1` }, old: { baseUrl: `${url.replace('://', '://me:old@')}/v1` } });
  expect(await service.test({ baseUrl: `${address}/v1` })).toMatchObject({ ok: true });
  expect(await service.test({ id: 'mine' })).toMatchObject({ ok: true });
  expect(await service.test({ id: 'old', baseUrl: `${address}/v1` })).toMatchObject({ ok: true });
  const suggestion = await service.test({ baseUrl: `${address}/api` });
  expect(suggestion).toMatchObject({ suggestedBaseUrl: `${address}/v1` });
  expect(suggestion.message).not.toContain('pass');
});

test.each([{ 'X Y': '1' }, { 'X-Team': 'a\nb' }])('a header that cannot be sent is reported: %j', async (headers) => {
  const report = await serviceWith({ mine: { baseUrl: 'http://127.0.0.1:9/v1', headers } }).test({ id: 'mine' });
  expect(report).toMatchObject({
    cause: 'rejected',
    message: expect.stringContaining(`header ${headers['X Y'] ? '"X Y"' : 'X-Team'}`) as string,
  });
});

test('a key that cannot be sent in a header is reported without being shown', async () => {
  const url = await serve(list);
  const report = await serviceWith().test({ baseUrl: `${url}/v1`, apiKey: 'sk-ri\nght' });
  expect(report).toMatchObject({ ok: false, cause: 'unauthorized', message: expect.stringContaining('cannot be sent') as string });
  expect(JSON.stringify(report)).not.toMatch(/sk-ri|ght/);
});

test('each cause is reported with what to do', async () => {
  const service = serviceWith();
  const url = await serve(list);
  const page = await serve((_request, response) => response.end('<!doctype html><title>Router</title>'));
  const broken = await serve((_request, response) => response.writeHead(503).end('{}'));
  const secure = url.replace('http:', 'https:');
  const causeOf = async (baseUrl: string, apiKey?: string) =>
    (await service.test(apiKey === undefined ? { baseUrl } : { baseUrl, apiKey })).cause;
  expect(await service.test({ baseUrl: `${url}/v1`, apiKey: 'sk-wrong' })).toMatchObject({
    cause: 'unauthorized',
    message: expect.stringMatching(/rejected the API key \(HTTP 401\)/),
  });
  expect(await service.test({ baseUrl: `${url}/v1` })).toMatchObject({
    cause: 'unauthorized',
    message: expect.stringMatching(/none is set/),
  });
  expect(await service.test({ baseUrl: `${url}/api`, apiKey: 'sk-right' })).toMatchObject({
    cause: 'wrongPath',
    suggestedBaseUrl: `${url}/v1`,
  });
  expect(await causeOf(page)).toBe('notTheApi');
  expect(await causeOf(broken)).toBe('overloaded');
  expect(await causeOf('http://no-such-host.invalid/v1')).toBe('dns');
  expect(await causeOf(secure)).toBe('tls');
  expect(await causeOf(`http://127.0.0.1:${await freePort()}/v1`)).toBe('refused');
});

test('a server that cannot be reached directly: the message says that the proxy of the environment is not used', async () => {
  const service = serviceWith();
  const told = async (baseUrl: string, variables: Record<string, string>): Promise<boolean> => {
    const all = { HTTPS_PROXY: '', https_proxy: '', NODE_USE_ENV_PROXY: '', NO_PROXY: '', no_proxy: '', ...variables };
    for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
    const { cause, message } = await service.test({ baseUrl });
    expect(cause).toBe('dns');
    return /https_proxy is not used: .* NODE_USE_ENV_PROXY=1/i.test(message);
  };
  onTestFinished(() => void vi.unstubAllEnvs());
  const proxy = 'http://proxy.invalid:3128';
  const url = 'https://no-such-host.invalid/v1';
  expect(await told(url, { HTTPS_PROXY: proxy })).toBe(true);
  expect(await told(url, { https_proxy: proxy })).toBe(true);
  expect(await told(url, {})).toBe(false);
  expect(await told('http://no-such-host.invalid/v1', { HTTPS_PROXY: proxy })).toBe(false);
  // Whether Node obeys the variable depends on its version: it is asked itself.
  expect(await told(url, { HTTPS_PROXY: proxy, NODE_USE_ENV_PROXY: '1' })).toBe(true);
  for (const names of ['*', 'localhost, no-such-host.invalid', '.INVALID', '*.invalid:443'])
    expect(await told(url, { HTTPS_PROXY: proxy, NO_PROXY: names })).toBe(false);
  expect(await told(url, { HTTPS_PROXY: proxy, no_proxy: 'host.invalid' })).toBe(true);
  const used = fetchDispatcher() as { dispatch: (...parts: unknown[]) => unknown };
  class EnvHttpProxyAgent {
    dispatch = (...parts: unknown[]): unknown => used.dispatch(...parts);
  }
  const key = Symbol.for('undici.globalDispatcher.2');
  const before: unknown = Reflect.get(globalThis, key);
  // Node 26 lets its own be replaced, but not be removed.
  onTestFinished(() => void (before === undefined ? Reflect.deleteProperty(globalThis, key) : Reflect.set(globalThis, key, before)));
  expect(Reflect.set(globalThis, key, new EnvHttpProxyAgent())).toBe(true);
  expect(await told(url, { HTTPS_PROXY: proxy })).toBe(false);
});

test('a stored key never goes to another server, and an unknown provider is refused', async () => {
  const seen: (string | undefined)[] = [];
  const other = await serve((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{"data":[]}');
  });
  const service = serviceWith({ mine: { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'sk-right' } });
  await service.test({ id: 'mine', baseUrl: `${other}/v1` });
  expect(seen).toEqual([undefined]);
  await expect(service.test({})).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(service.test({ id: 'nobody' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
});
