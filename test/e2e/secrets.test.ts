/** Fourteen kinds of secrets go through a gateway that is used, asked wrongly, and crashes. Then everything that it wrote or said is searched. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { unauthorized } from '../fakes/openai/reply.js';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startFakeTelegram } from '../fakes/telegram/server.js';
import { startWebhookReceiver } from '../fakes/webhook-receiver/receiver.js';
import { processesOf } from '../helpers/home-processes.js';
import { Installation } from '../helpers/installation.js';
import { RealGateway, type Running, until } from '../helpers/real-gateway.js';

/** Known to the gateway: its files have them. */
const KEPT = {
  gatewayToken: 'gateway-token-1a2b3c4d5e6f7a8b9c0d',
  providerKey: 'sk-provider-2b3c4d5e6f7a8b9c0d1e',
  providerHeader: 'header-value-3c4d5e6f7a8b9c0d1e2f',
  botToken: '7000000002:AAE-4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c',
  webhookSecret: `whsec_${Buffer.from('5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b').toString('base64')}`,
  webhookPath: 'path-6f7a8b9c0d1e2f3a4b5c',
  inboundToken: 'inbound-7a8b9c0d1e2f3a4b5c6d',
  inboundSecret: 'signing-8b9c0d1e2f3a4b5c6d7e',
  previousSecret: `whsec_${Buffer.from('9c0d1e2f3a4b5c6d7e8f9a0b1c2d3e4f').toString('base64')}`,
};
/** What callers send, and nobody keeps. */
const SENT = {
  basicPassword: 'basic-8b9c0d1e2f3a4b5c6d7e',
  jsonField: 'field-9c0d1e2f3a4b5c6d7e8f',
  queryToken: 'query-0d1e2f3a4b5c6d7e8f9a',
  cookie: 'cookie-1e2f3a4b5c6d7e8f9a0b',
};
const JWT = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"somebody","n":2301}').toString('base64url')}.c2lnbmF0dXJlLW9mLXRoZS10ZXN0`;
const BASIC = Buffer.from(`somebody:${SENT.basicPassword}`).toString('base64');
const SECRETS = { ...KEPT, ...SENT, jwt: JWT, basic: BASIC };

/** Files whose purpose is to keep secrets; they are for their owner alone. */
const KEEPERS =
  /^(config\.json|models\.json|credentials\/token|state\/(config|models)\.[0-9a-f]+\.(last-good|undo)\.json|state\/config\.[0-9a-f]+\.versions\/.+)$/;

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const findIn = (text: string): string[] => Object.entries(SECRETS).flatMap(([name, secret]) => (text.includes(secret) ? [name] : []));

/** The worker throws a text with every secret: as careless as a program can be. */
function crashingInstallation(): Installation {
  const installation = new Installation();
  const read = `['config.json', 'models.json'].map((name) => require('node:fs').readFileSync(process.env.XOPC_HOME + '/' + name, 'utf8')).join()`;
  installation.append('worker', `process.on('SIGUSR2', () => { throw new Error('failed with ' + ${read}); });`);
  return installation;
}

async function startGateway(): Promise<{ gateway: RealGateway; running: Running }> {
  const provider = await startFakeOpenAi();
  onTestFinished(() => provider.close());
  // As vendors do: the refusal repeats the key.
  provider.replyAlways(unauthorized(KEPT.providerKey));
  const [telegram, receiver] = [await startFakeTelegram(), await startWebhookReceiver()];
  receiver.react = () => ({ status: 400, body: `no such hook: ${KEPT.webhookPath}` });
  const gateway = await RealGateway.create({ XOPC_LOG_LEVEL: 'trace' }, crashingInstallation().command);
  mkdirSync(gateway.xopcHome, { recursive: true, mode: 0o700 });
  const write = (name: string, document: object): void =>
    writeFileSync(join(gateway.xopcHome, name), JSON.stringify(document), { mode: 0o600 });
  const { webhookPath, webhookSecret: secret, previousSecret, inboundToken, inboundSecret, botToken } = KEPT;
  write('config.json', {
    gateway: { auth: { api_key: KEPT.gatewayToken } },
    channels: {
      telegram: { accounts: { default: { botToken, apiRoot: telegram.apiRoot } } },
      webhook: {
        accounts: {
          default: { url: receiver.url.replace('/hook', `/${webhookPath}`), secret, previousSecret, inboundToken },
          github: { preset: 'github', inboundSecret, template: '{{ $ }} {{ header.authorization }}' },
        },
      },
    },
  });
  const headers = { 'X-Team': KEPT.providerHeader };
  write('models.json', {
    providers: { vendor: { baseUrl: provider.baseUrl, apiKey: KEPT.providerKey, headers, models: [{ id: 'one' }] } },
  });
  return { gateway, running: await gateway.run() };
}

/** Calls as they should be, and calls that carry secrets where none belongs. @returns what was answered */
async function callAll(gateway: RealGateway): Promise<string[]> {
  const answers: string[] = [];
  const call = async (path: string, init: RequestInit = {}): Promise<void> => {
    const answer = await fetch(gateway.url + path, init);
    answers.push(`${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`);
  };
  const own = { Authorization: `Bearer ${KEPT.gatewayToken}` };
  const json = { 'Content-Type': 'application/json' };
  const post = (body: object): RequestInit => ({ method: 'POST', headers: { ...own, ...json }, body: JSON.stringify(body) });
  for (const path of [
    '/api/config',
    '/api/models-json',
    '/api/channels',
    '/api/overview',
    '/api/models',
    '/api/logs?limit=1000',
    '/metrics',
  ])
    await call(path, { headers: own });
  await call('/api/agent', post({ message: 'hello', model: 'vendor/one' }));
  await call('/v1/chat/completions', post({ model: 'vendor/one', messages: [{ role: 'user', content: 'hello' }] }));
  await call('/api/models-json/test', post({ provider: 'vendor' }));
  await call('/api/message', post({ channel: 'webhook', chat_id: 'chat', content: 'hello' }));
  await call('/api/message', post({ channel: 'webhook', chat_id: 'chat', content: 'hello', api_key: SENT.jsonField }));
  await call('/api/config', { ...post({ gateway: { port: 'x', auth: { api_key: SENT.jsonField } } }), method: 'PATCH' });
  await call('/api/logs', { headers: { Authorization: `Basic ${BASIC}` } });
  await call('/api/logs', { headers: { Authorization: `Bearer ${JWT}` } });
  await call('/api/logs', { headers: { Cookie: `session=${SENT.cookie}` } });
  await call(`/api/logs?token=${SENT.queryToken}&api_key=${SENT.queryToken}`);
  await call(`/nothing/here?access_token=${SENT.queryToken}#token=${SENT.queryToken}`);
  await call('/api/webhook/github', { ...post({ ref: 'main' }), headers: { ...json, 'X-Hub-Signature-256': `sha256=${SENT.jsonField}` } });
  await call('/api/channels/webhook/preview', post({ accountId: 'github', payload: { ref: 'main' } }));
  await call('/api/webhook/default', { ...post({ chat_id: 'chat' }), headers: { ...json, Authorization: `Bearer ${SENT.jsonField}` } });
  return answers;
}

/** What the command line says. */
async function runAll(gateway: RealGateway): Promise<string[]> {
  const commands = [
    ['gateway', 'status'],
    ['gateway', 'status', '--json'],
    ['gateway', 'logs', '--lines', '1000'],
    ['config', 'get'],
    ['models', 'providers'],
    ['models', 'test', 'vendor/one'],
    ['channels'],
    ['messages', '--json'],
    ['doctor'],
    ['paths'],
    ['gateway', 'token'],
    ['gateway', 'open', '--json'],
    ['gateway', 'install', '--print'],
  ];
  return Promise.all(
    commands.map(async (command) => {
      const { stdout, stderr } = await gateway.xopc(...command);
      return `${command.join(' ')}: ${stdout}${stderr}`;
    }),
  );
}

test('fourteen kinds of secrets go through a gateway and are nowhere but in the files that keep them', { tags: ['long'] }, async () => {
  const { gateway, running } = await startGateway();
  const said = await callAll(gateway);
  expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
  const pid = gateway.workerPid();
  process.kill(pid, 'SIGUSR2');
  await gateway.untilReplaced(pid);
  await until('the crash to be in the log', () => readFileSync(gateway.logPath, 'utf8').includes('failed with'));
  said.push(...(await callAll(gateway)), ...(await runAll(gateway)));
  const seen = processesOf(gateway.home).flatMap(({ pid: one }) =>
    ['cmdline', 'environ'].map((name) => `${name}: ${readFileSync(`/proc/${one}/${name}`, 'utf8')}`),
  );
  expect((await gateway.xopc('gateway', 'stop')).code).toBe(0);
  const { stdout, stderr } = await running.done;
  said.push(`gateway: ${stdout}${stderr}`);
  expect(seen.length).toBeGreaterThan(2);
  expect(
    [...said, ...seen].filter((text) => findIn(text).length > 0).map((text) => `${text.slice(0, 60)} has ${findIn(text).join()}`),
  ).toEqual([]);

  const files = filesBelow(gateway.home).map((path) => ({ name: relative(gateway.xopcHome, path), path }));
  const [keepers, others] = [files.filter(({ name }) => KEEPERS.test(name)), files.filter(({ name }) => !KEEPERS.test(name))];
  expect(others.map(({ name }) => name)).toEqual(expect.arrayContaining(['logs/gateway.log', 'state/gateway.db']));
  const leaks = others.map(({ name, path }) => `${name}: ${findIn(readFileSync(path, 'latin1')).join()}`);
  expect(leaks.filter((leak) => !leak.endsWith(': '))).toEqual([]);
  expect(keepers.filter(({ path }) => (statSync(path).mode & 0o077) !== 0).map(({ name }) => name)).toEqual([]);
  const kept = keepers.flatMap(({ path }) => findIn(readFileSync(path, 'utf8')));
  expect(new Set(kept)).toEqual(new Set(Object.keys(KEPT)));
});
