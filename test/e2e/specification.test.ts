/** The examples of the specification, sent and read as they are printed there (docs/specification.md says which test shows what). */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeRoutes } from '../../daemon/worker/http/openapi/describe-routes.js';
import { startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { freePort } from '../helpers/free-port.js';
import { RealGateway, runProcess, until } from '../helpers/real-gateway.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };

function configure(gateway: RealGateway, config: object, models: object = {}): void {
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  writeFileSync(join(gateway.xopcHome, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  writeFileSync(join(gateway.xopcHome, 'models.json'), JSON.stringify(models), { mode: 0o600 });
}

function callerOf({ url }: RealGateway) {
  return async (request: string, body?: object, headers?: Record<string, string>) => {
    const [method = '', path = ''] = request.split(' ');
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(url + path, { method, headers: { ...(body && JSON_TYPE), ...headers }, ...sent });
    return { status: response.status, headers: response.headers, json: (await response.json()) as Record<string, unknown> };
  };
}

async function startWithTelegram() {
  const fake = await startFakeTelegram();
  const gateway = await RealGateway.create();
  const account = { botToken: TOKEN, apiRoot: fake.apiRoot, dmPolicy: 'open' };
  const down = { baseUrl: `http://127.0.0.1:${await freePort()}/v1`, apiKey: 'k', models: [{ id: 'x' }] };
  const agents = { defaults: { model: 'xopc/guide' } };
  configure(gateway, { agents, channels: { telegram: { accounts: { personal: account } } } }, { providers: { down } });
  await gateway.run();
  await until('the bot to run', async () => (await gateway.status()).worker?.channels['telegram:personal']?.state === 'running');
  return { fake, gateway, call: callerOf(gateway) };
}

const text = expect.any(String) as string;

test('the documented requests are answered in the documented shapes', async () => {
  const { fake, call } = await startWithTelegram();
  const message = { channel: 'telegram', chat_id: '42', content: 'Hello from API!', accountId: 'personal' };
  expect((await call('POST /api/message', message)).json).toEqual({ status: 'ok', message_id: text });
  expect((await call('POST /api/message', { ...message, chat_id: 42, content: 'Again' })).json).toEqual({
    status: 'ok',
    message_id: text,
  });
  await until('both messages', () => ['Hello from API!', 'Again'].every((wanted) => fake.bot.sent.some((sent) => sent.text === wanted)));
  const { accountId: _account, ...sync } = { ...message, content: 'Hello and reply!' };
  expect((await call('POST /api/message/sync', sync)).json).toEqual({ status: 'ok', reply: text });
  const question = { message: 'What is the weather?', session: 'default' };
  expect((await call('POST /api/agent', question)).json).toMatchObject({ status: 'ok', reply: text, session: 'default' });
  expect((await call('POST /api/agent', { message: 'Hello' })).json).toMatchObject({ session: 'default' });
});

test('the documented fields of a new session are taken', async () => {
  const gateway = await RealGateway.create();
  configure(gateway, { agents: { list: [{ id: 'off', enabled: false }, { id: 'first' }, { id: 'second' }] } });
  await gateway.run();
  const call = callerOf(gateway);
  const create = async (body?: object): Promise<unknown> =>
    ((await call('POST /api/sessions', body)).json['session'] as { key?: string } | undefined)?.key;
  const empty = await create();
  expect(empty).toMatch(/^first:webchat:/);
  expect(await create({})).toBe(empty);
  expect(await create({ channel: 'desk', chat_id: 7 })).toBe('first:desk:default:direct:7');
  expect(await create({ agentId: 'second', chat_id: 'x' })).toBe('second:webchat:default:direct:x');
  for (const agentId of ['off', 'nobody']) expect((await call('POST /api/sessions', { agentId })).status).toBe(400);
});

test('jobs are created, triggered, toggled, listed and deleted by the documented paths', async () => {
  const gateway = await RealGateway.start();
  const call = callerOf(gateway);
  const job = { schedule: '0 0 1 1 *', message: 'x', channel: 'webchat', chat_id: 'me' };
  const { id } = (await call('POST /api/cron/create', job)).json['job'] as { id: string };
  expect((await call('POST /api/cron/trigger', { job_id: id })).json).toMatchObject({ status: 'ok', message: 'Task triggered' });
  expect((await call(`POST /api/cron/${id}/toggle`)).json).toMatchObject({ job: { enabled: false } });
  expect((await call('GET /api/cron')).json).toMatchObject({ jobs: [{ id, enabled: false }] });
  expect((await call(`DELETE /api/cron/${id}`)).status).toBe(200);
  expect((await call('GET /api/cron')).json).toMatchObject({ jobs: [] });
});

/** Methods by path. */
const ENDPOINTS = {
  POST: 'message message/sync agent sessions cron/trigger cron/create cron/{id}/toggle',
  GET: 'sessions sessions/{key} cron logs providers models models-json',
  DELETE: 'sessions/{key} cron/{id}',
  PATCH: 'models-json',
};

test('every endpoint of the complete list is there', async () => {
  const gateway = await RealGateway.start();
  const { version } = await gateway.status();
  const described = describeRoutes(version);
  expect(await (await fetch(`${gateway.url}/openapi.json`)).text()).toBe(JSON.stringify(described));
  const known = Object.entries(described.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const listed = Object.entries(ENDPOINTS).flatMap(([method, rests]) => rests.split(' ').map((rest) => `${method} /api/${rest}`));
  expect(listed).toHaveLength(17);
  expect([...listed, 'GET /health'].filter((endpoint) => !known.includes(endpoint))).toEqual([]);
});

test('errors have the documented form and codes', async () => {
  const { call } = await startWithTelegram();
  const wrong: [string, object | undefined, string][] = [
    ['POST /api/message', { channel: 'telegram' }, 'INVALID_REQUEST'],
    ['POST /api/message', { channel: 'pigeon', chat_id: '1', content: 'x' }, 'CHANNEL_NOT_FOUND'],
    ['GET /api/sessions/none', undefined, 'SESSION_NOT_FOUND'],
    ['POST /api/agent', { message: 'x', model: 'down/x' }, 'AGENT_ERROR'],
  ];
  for (const [request, body, code] of wrong) {
    const { status, json } = await call(request, body);
    expect([status >= 400, json]).toEqual([true, { error: expect.objectContaining({ code, message: text }) as object }]);
  }
  const blank: [string, object][] = [
    ['POST /api/agent', { message: ' \n' }],
    ['POST /api/message', { channel: 'webchat', chat_id: '1', content: ' \n' }],
    ['POST /api/message/sync', { channel: 'webchat', chat_id: '1', content: ' \n' }],
  ];
  for (const [request, body] of blank) {
    const { status, json } = await call(request, body);
    expect([status, json]).toMatchObject([400, { error: { code: 'INVALID_REQUEST', message: 'Invalid message content' } }]);
  }
});

test('the documented configuration is in force: address, token and allowed origins', async () => {
  const gateway = await RealGateway.create();
  const auth = { enabled: true, api_key: 'your-secret-token' };
  const cors = { enabled: true, origins: ['http://localhost:3000'], credentials: true };
  configure(gateway, { gateway: { host: '0.0.0.0', port: gateway.port, auth, cors } });
  await gateway.run();
  const call = callerOf(gateway);
  expect((await call('GET /api/models')).status).toBe(401);
  const bearer = { Authorization: 'Bearer your-secret-token', Origin: 'http://localhost:3000' };
  const { status, headers } = await call('GET /api/models', undefined, bearer);
  const allowed = ['access-control-allow-origin', 'access-control-allow-credentials'].map((name) => headers.get(name));
  expect([status, ...allowed]).toEqual([200, 'http://localhost:3000', 'true']);
  expect((await call('GET /api/models', undefined, { ...bearer, Origin: 'http://localhost:4000' })).status).toBe(403);
  expect((await call('GET /health')).json).toMatchObject({ status: 'healthy', uptime: expect.any(Number) as number });
});

test('the lock is where it is documented, with the documented fields, and gone after a stop', async () => {
  const gateway = await RealGateway.start();
  const configPath = join(gateway.xopcHome, 'config.json');
  const hash = createHash('sha256').update(configPath).digest('hex').slice(0, 16);
  const path = join(gateway.xopcHome, 'locks', `gateway.${hash}.lock`);
  const { pid, createdAt, startTime, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  expect([pid, typeof startTime, Number.isNaN(Date.parse(String(createdAt))), rest['configPath']]).toEqual([
    gateway.lock().pid,
    'string',
    false,
    configPath,
  ]);
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  expect([existsSync(path), readdirSync(join(gateway.xopcHome, 'locks'))]).toEqual([false, []]);
});

const JAVASCRIPT = `
async function sendMessage(content, chatId) {
  const res = await fetch('http://localhost:18790/api/message', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      channel: 'telegram',
      chat_id: chatId,
      content: content
    })
  });
  return res.json();
}
async function chatWithAgent(message) {
  const res = await fetch('http://localhost:18790/api/agent', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ message })
  });
  return res.json();
}
console.log(JSON.stringify([await sendMessage('From JavaScript', '42'), await chatWithAgent('Hello')]));
`;

const PYTHON = `
import json
import requests
def send_message(content, chat_id):
    resp = requests.post(
        'http://localhost:18790/api/message',
        json={
            'channel': 'telegram',
            'chat_id': chat_id,
            'content': content
        }
    )
    return resp.json()
def chat(message):
    resp = requests.post(
        'http://localhost:18790/api/agent',
        json={'message': message}
    )
    return resp.json()
print(json.dumps([send_message('From Python', '42'), chat('Hello')]))
`;

/** What the example uses of the package `requests`, which is not on every machine. */
const REQUESTS = `
import json as codec, urllib.request
class Response:
    def __init__(self, text): self.text = text
    def json(self): return codec.loads(self.text)
def post(url, json):
    request = urllib.request.Request(url, codec.dumps(json).encode(), {'Content-Type': 'application/json'})
    with urllib.request.urlopen(request) as response: return Response(response.read())
`;

const hasPython = spawnSync('python3', ['--version']).status === 0;

test('the functions of the examples in JavaScript and Python work', async () => {
  const { fake, gateway } = await startWithTelegram();
  const file = (name: string, content: string): string => {
    const path = join(gateway.home, name);
    writeFileSync(path, content.replaceAll('18790', String(gateway.port)));
    return path;
  };
  const answers = [{ status: 'ok', message_id: text }, expect.objectContaining({ status: 'ok', session: 'default' }) as object];
  file('requests.py', REQUESTS);
  const programs: [string, string][] = [[process.execPath, file('example.mjs', JAVASCRIPT)]];
  if (hasPython) programs.push(['python3', file('example.py', PYTHON)]);
  for (const [program, path] of programs) {
    const { stdout, stderr } = await runProcess([program], [path], { env: gateway.env }).done;
    expect([JSON.parse(stdout), stderr]).toEqual([answers, '']);
  }
  const wanted = ['From JavaScript', ...(hasPython ? ['From Python'] : [])];
  await until('their messages', () => wanted.every((content) => fake.bot.sent.some((sent) => sent.text === content)));
});
