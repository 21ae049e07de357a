import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json, type SeenRequest } from '../../fakes/http-server.js';
import { runCommand, type CommandLineOptions } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';

const providers = [
  {
    id: 'openai',
    name: 'OpenAI',
    api: 'openai-completions',
    baseUrl: 'https://api.openai.com/v1',
    configured: false,
    source: 'OPENAI_API_KEY',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    api: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    configured: false,
    source: 'X',
  },
  { id: 'ollama', name: 'Ollama', api: 'openai-completions', baseUrl: 'http://127.0.0.1:11434/v1', configured: true, source: 'discovery' },
];
const works = { ok: true, cause: null, message: 'Connected', models: ['a', 'b'], suggestedBaseUrl: null };
const fails = {
  ok: false,
  cause: 'unauthorized',
  message: 'The server rejected the API key (HTTP 401).',
  models: [],
  suggestedBaseUrl: null,
};

interface Answers {
  /** Of a test of the provider. */
  readonly tested?: (body: { baseUrl?: string }) => object;
  readonly channels?: readonly object[];
  readonly effective?: object;
}

async function setUp({ tested = () => works, channels = [], effective = {} }: Answers = {}) {
  const server = await fakeHttp((request: SeenRequest, response: ServerResponse) => {
    if (request.path === '/api/providers') json(response, { providers });
    else if (request.path === '/api/providers/test') json(response, { status: 'ok', ...tested(JSON.parse(request.body) as object) });
    else if (request.path === '/api/config') json(response, { status: 'ok', inForce: true, pinned: {}, effective });
    else json(response, { status: 'ok', channels, pairings: [] });
  });
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const run = (args: string[], options: Partial<CommandLineOptions> = {}) => runCommand(args, { home: paths.home, ...options });
  const written = () => server.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => JSON.parse(body) as object);
  return { run, written };
}

test('a vendor needs only its key, which is read from a variable or standard input', async () => {
  const { run, written } = await setUp();
  const byVariable = await run(['models', 'add', 'openai', '--api-key-env', 'MY_KEY'], { variables: { MY_KEY: ' sk-1\n' } });
  expect([byVariable.code, byVariable.stdout]).toEqual([0, expect.stringContaining('✅ openai is set up in ')]);
  expect((await run(['models', 'add', 'anthropic', '--api-key-stdin'], { stdin: 'sk-2\n' })).code).toBe(0);
  expect(written()).toEqual([
    { providers: { openai: { baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-1' } } },
    { providers: { anthropic: { baseUrl: 'https://api.anthropic.com/v1', apiKey: 'sk-2', api: 'anthropic-messages' } } },
  ]);
});

test('what is set up already or found on this machine is not written', async () => {
  const { run, written } = await setUp();
  const { code, stdout } = await run(['models', 'add', 'ollama']);
  expect([code, stdout]).toEqual([0, '✅ ollama was found on this machine; nothing was written: 2 models\n']);
  expect(written()).toEqual([]);
});

test('what is set up already but does not work is reported with the reason', async () => {
  const { run } = await setUp({ tested: () => fails });
  const { code, stdout, stderr } = await run(['models', 'add', 'ollama']);
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(/ollama does not work: The server rejected the API key/)]);
});

test('the address that works is taken where the given one does not', async () => {
  const suggestedBaseUrl = 'http://127.0.0.1:8000/v1';
  const { run, written } = await setUp({
    tested: ({ baseUrl }) => (baseUrl === 'http://127.0.0.1:8000' ? { ...fails, suggestedBaseUrl } : works),
  });
  expect((await run(['models', 'add', 'mine', '--base-url', 'http://127.0.0.1:8000'])).code).toBe(0);
  expect(written()).toEqual([{ providers: { mine: { baseUrl: suggestedBaseUrl } } }]);
});

test('a provider that does not work is not written', async () => {
  const { run, written } = await setUp({ tested: () => fails });
  const { code, stderr } = await run(['models', 'add', 'openai', '--api-key-stdin'], { stdin: 'sk-1' });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/openai does not work: The server rejected the API key[^]*Nothing was written\./),
  ]);
  expect(written()).toEqual([]);
});

test.each([
  [['openai'], 'openai needs an API key'],
  [['acme'], "'acme' is not a known provider, so --base-url is required"],
  [['Acme', '--base-url', 'http://x/v1'], "invalid provider 'Acme'"],
  [['xopc', '--base-url', 'http://x/v1'], "'xopc' is the name of the built-in guide"],
  [['acme', '--base-url', 'x'], "--base-url is 'x'; it must be an http or https URL"],
  [['acme', '--api', 'soap'], "--api is 'soap'; it must be one of openai-completions"],
  [['openai', '--api-key-env', 'sk-1'], '--api-key-env must be the name of an environment variable, not its value'],
  [['openai', '--api-key-env', 'NOT_SET'], 'the environment variable NOT_SET is not set'],
  [['openai', '--api-key-env', 'SPACED'], 'the environment variable SPACED contains spaces'],
  [['openai', '--api-key-env', 'A', '--api-key-stdin'], '--api-key-env and --api-key-stdin exclude each other'],
  [['openai', '--api-key-env', 'MASKED'], 'the environment variable MASKED contains the mask of a secret, not the secret'],
])('models add %j is refused', async (args, message) => {
  const { run, written } = await setUp();
  const { code, stderr } = await run(['models', 'add', ...args], { variables: { SPACED: 'a b', MASKED: 'sk-...abcd' } });
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  expect(stderr).not.toContain('sk-1');
  expect(written()).toEqual([]);
});

const account = { channel: 'telegram', accountId: 'default', message: null, since: null, lastError: null };

test('a bot is connected, and how to write to it is said', async () => {
  const { run, written } = await setUp({ channels: [{ ...account, state: 'running' }] });
  const { code, stdout, stderr } = await run(['channels', 'add', 'telegram', '--token-env', 'BOT'], { variables: { BOT: '1:a' } });
  expect([code, stdout, stderr]).toEqual([
    0,
    '✅ telegram/default is running\n',
    expect.stringContaining('xopc channels approve telegram CODE'),
  ]);
  expect(written()).toEqual([{ channels: { telegram: { accounts: { default: { botToken: '1:a' } } } } }]);
});

test('a bot that cannot be used is reported with the reason and how to remove it', async () => {
  const { run } = await setUp({ channels: [{ ...account, state: 'failed', message: 'Telegram rejects the token' }] });
  const { code, stderr } = await run(['channels', 'add', 'telegram', '--token-stdin'], { stdin: '1:a' });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/Telegram rejects the token[^]*xopc config unset channels\.telegram\.accounts\.default/),
  ]);
});

test('a bot whose account or channel is disabled is not waited for', async () => {
  const add = async (telegram: object) => {
    const { run } = await setUp({ channels: [{ ...account, state: 'off' }], effective: { channels: { telegram } } });
    return run(['channels', 'add', 'telegram', '--token-stdin'], { stdin: '1:a' });
  };
  const disabled = (key: string) => ({ code: 1, stderr: expect.stringContaining(`xopc config set ${key} true`) as string });
  expect(await add({ enabled: false })).toMatchObject(disabled('channels.telegram.enabled'));
  const accounts = { default: { enabled: false } };
  expect(await add({ enabled: true, accounts })).toMatchObject(disabled('channels.telegram.accounts.default.enabled'));
});

test('the command that removes an account names it as a key, in one word of the shell', async () => {
  const { run } = await setUp({ channels: [{ ...account, accountId: 'my.bot', state: 'failed' }] });
  const { stderr } = await run(['channels', 'add', 'telegram', '--account', 'my.bot', '--token-stdin'], { stdin: '1:a' });
  expect(stderr).toContain(`xopc config unset 'channels.telegram.accounts["my.bot"]'`);
});

test.each([
  [['telegram'], "the bot's token is required"],
  [['smoke', '--token-env', 'BOT'], "channel is 'smoke'; it must be one of telegram"],
])('channels add %j is refused', async (args, message) => {
  const { run } = await setUp();
  expect(await run(['channels', 'add', ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(message) as string });
});
