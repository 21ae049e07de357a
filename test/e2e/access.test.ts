/** Who gets in: The table of access in docs/access.md, row by row, against the running gateway. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { callsTools, says } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { type Ask, sendRequest } from '../helpers/http-request.js';
import { fakeModels } from '../helpers/make-conversation.js';
import { RealGateway } from '../helpers/real-gateway.js';

const FORWARDED = { 'X-Forwarded-For': '203.0.113.7' };

interface Row {
  readonly name: string;
  readonly path?: string;
  readonly ask?: Ask;
  readonly withToken?: 'bearer' | 'x-api-key' | 'basic-beside' | 'wrong';
  readonly status: number;
}

let gateway: RealGateway;
let token: string;

function headersFor(row: Row): Record<string, string | string[]> {
  const credentials: Record<NonNullable<Row['withToken']>, Record<string, string>> = {
    bearer: { Authorization: `Bearer ${token}` },
    'x-api-key': { 'X-Api-Key': token },
    'basic-beside': { 'X-Api-Key': token, Authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
    wrong: { Authorization: 'Bearer this-is-not-the-token' },
  };
  return { ...row.ask?.headers, ...(row.withToken === undefined ? {} : credentials[row.withToken]) };
}

async function start(config: object): Promise<void> {
  gateway = await RealGateway.create();
  gateway.put('config.json', config);
  await gateway.run();
  token = readFileSync(join(gateway.xopcHome, 'credentials', 'token'), 'utf8').trim();
}

async function expectRows(rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    const answer = await sendRequest(gateway.port, row.path ?? '/api/models', { ...row.ask, headers: headersFor(row) });
    expect([row.name, answer.status], answer.text).toEqual([row.name, row.status]);
    if (row.status >= 400)
      expect(answer.json, row.name).toMatchObject({
        error: { code: expect.any(String) as string, requestId: expect.any(String) as string },
      });
    expect(answer.text, row.name).not.toContain(token);
  }
}

describe('with auth.enabled not set', () => {
  beforeEach(() => start({}));

  test('this machine needs no token except for logs; whoever was forwarded does', async () => {
    await expectRows([
      { name: 'this machine', status: 200 },
      { name: 'a wrong token where none is needed', withToken: 'wrong', status: 200 },
      { name: 'logs without the token', path: '/api/logs', status: 401 },
      { name: 'logs with it', path: '/api/logs', withToken: 'bearer', status: 200 },
      { name: 'forwarded', ask: { headers: FORWARDED }, status: 401 },
      { name: 'forwarded with the token', ask: { headers: FORWARDED }, withToken: 'x-api-key', status: 200 },
      { name: 'forwarded with Basic beside the key', ask: { headers: FORWARDED }, withToken: 'basic-beside', status: 200 },
      { name: 'Forwarded (RFC 7239)', ask: { headers: { Forwarded: 'for=203.0.113.7' } }, status: 401 },
      { name: 'health for everybody', path: '/health', ask: { headers: FORWARDED }, status: 200 },
    ]);
  });

  test('a model that may fetch from this machine does not count as its owner', async () => {
    const model = await startFakeOpenAi();
    onTestFinished(() => model.close());
    gateway.put('models.json', fakeModels(model.baseUrl));
    await gateway.xopc('config', 'set', 'agents.defaults', '{"model":"fake/one","fetchAllow":["localhost"]}');
    model.reply(callsTools({ name: 'fetch', input: { url: `http://localhost:${gateway.port}/api/sessions` } }), says('Done.'));
    const asked = await sendRequest(gateway.port, '/api/agent', { method: 'POST', body: { message: 'Read my other chats' } });
    expect(asked.status, asked.text).toBe(200);
    expect(JSON.stringify(model.requests.at(-1)?.body)).toContain('HTTP 401 ');
  });

  test('a foreign Host, a foreign Origin and a null one are refused', async () => {
    await expectRows([
      { name: 'foreign host', ask: { headers: { Host: 'evil.example' } }, status: 403 },
      { name: 'foreign host with the token', ask: { headers: { Host: 'evil.example' } }, withToken: 'bearer', status: 200 },
      { name: 'foreign origin', ask: { headers: { Origin: 'https://evil.example' } }, status: 403 },
      { name: 'foreign origin with the token', ask: { headers: { Origin: 'https://evil.example' } }, withToken: 'bearer', status: 403 },
      { name: 'null origin', ask: { headers: { Origin: 'null' } }, status: 403 },
      { name: 'rebound name as host and origin', ask: { headers: { Host: 'evil.example', Origin: 'http://evil.example' } }, status: 403 },
      {
        name: 'own origin',
        ask: { headers: { Host: `localhost:${gateway.port}`, Origin: `http://localhost:${gateway.port}` } },
        status: 200,
      },
    ]);
  });

  test('a body of another kind, encoding or size is refused', async () => {
    const post = (body: string | Buffer, headers: Record<string, string>): Ask => ({ method: 'POST', body, headers });
    await expectRows([
      { name: 'text/plain', path: '/api/agent', ask: post('{"message":"x"}', { 'Content-Type': 'text/plain' }), status: 415 },
      { name: 'no type', path: '/api/agent', ask: post('{"message":"x"}', {}), status: 415 },
      {
        name: 'gzip',
        path: '/api/agent',
        ask: post(gzipSync('{"message":"x"}'), { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }),
        status: 415,
      },
      {
        name: 'over 1 MiB',
        path: '/api/agent',
        ask: post(JSON.stringify({ message: 'x'.repeat(1_100_000) }), { 'Content-Type': 'application/json' }),
        status: 413,
      },
      { name: 'unknown key', path: '/api/agent', ask: { method: 'POST', body: { message: 'x', extra: 1 } }, status: 400 },
      {
        name: '__proto__',
        path: '/api/agent',
        ask: post('{"message":"x","__proto__":{}}', { 'Content-Type': 'application/json' }),
        status: 400,
      },
      { name: 'wrong method', path: '/api/agent', ask: { method: 'PUT' }, status: 405 },
      { name: 'no such path', path: '/api/nowhere', status: 404 },
    ]);
  });
});

describe('with auth.enabled false', () => {
  test('nobody needs the token except for the log and the configuration; status warns, and the log once', async () => {
    await start({ gateway: { auth: { enabled: false } } });
    await expectRows([
      { name: 'this machine', status: 200 },
      { name: 'forwarded', ask: { headers: FORWARDED }, status: 200 },
      { name: 'logs, forwarded', path: '/api/logs', ask: { headers: FORWARDED }, status: 401 },
      { name: 'the configuration', path: '/api/config', status: 401 },
      { name: 'models.json with the token', path: '/api/models-json', withToken: 'bearer', status: 200 },
      { name: 'foreign host', ask: { headers: { Host: 'evil.example' } }, status: 403 },
    ]);
    const isWarned = ({ code }: { code: string }): boolean => code === 'AUTH_DISABLED';
    await expect.poll(async () => (await gateway.status()).warnings.some(isWarned)).toBe(true);
    expect((await gateway.xopc('gateway', 'status')).stdout).toContain('gateway.auth.enabled is false');
    await gateway.xopc('config', 'set', 'gateway.maxBodyBytes', '2048');
    await gateway.xopc('config', 'unset', 'gateway.auth.enabled');
    await expect.poll(async () => (await gateway.status()).warnings.some(isWarned)).toBe(false);
    await expectRows([{ name: 'forwarded', ask: { headers: FORWARDED }, status: 401 }]);
    expect(readFileSync(gateway.logPath, 'utf8').match(/"msg":"gateway\.auth\.enabled is false/g)).toHaveLength(1);
  });
});

describe('with auth.enabled true', () => {
  test('this machine needs the token too', async () => {
    await start({ gateway: { auth: { enabled: true } } });
    await expectRows([
      { name: 'none', status: 401 },
      { name: 'wrong', withToken: 'wrong', status: 401 },
      { name: 'bearer', withToken: 'bearer', status: 200 },
      { name: 'x-api-key', withToken: 'x-api-key', status: 200 },
      { name: 'health', path: '/health', status: 200 },
    ]);
  });
});

describe('behind a trusted proxy on this machine', () => {
  test('whoever it forwards is remote', async () => {
    await start({ gateway: { trustedProxies: ['127.0.0.1'] } });
    await expectRows([
      { name: 'a client elsewhere', ask: { headers: FORWARDED }, status: 401 },
      { name: 'a client on this machine', ask: { headers: { 'X-Forwarded-For': '127.0.0.1' } }, status: 401 },
      {
        name: 'a client that names itself local before the proxy',
        ask: { headers: { 'X-Forwarded-For': '127.0.0.1, 203.0.113.7' } },
        status: 401,
      },
    ]);
  });
});

describe('CORS', () => {
  test('answers only origins that are listed, with credentials only where both are configured', async () => {
    await start({ gateway: { cors: { enabled: true, origins: ['https://app.example'], credentials: true } } });
    const listed = await sendRequest(gateway.port, '/api/models', { headers: { Origin: 'https://app.example' } });
    expect(listed.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-credentials': 'true',
    });
    const other = await sendRequest(gateway.port, '/api/models', { headers: { Origin: 'https://other.example' } });
    expect(other.status).toBe(403);
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });
});
