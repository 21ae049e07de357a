/** `xopc setup` as people and scripts use it: with a model server and a Telegram of its own. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startFakeOpenAi } from '../fakes/openai/server.js';
import { startFakeTelegram, TOKEN } from '../fakes/telegram/server.js';
import { launcher, RealGateway, runProcess, until } from '../helpers/real-gateway.js';
import { openTerminal, type Terminal } from '../helpers/terminal.js';

const KEY = 'sk-a-key-of-the-tests-0123456789';

async function world() {
  const models = await startFakeOpenAi({ apiKey: KEY, models: ['tiny-1', 'tiny-2'] });
  onTestFinished(() => models.close());
  const telegram = await startFakeTelegram();
  const gateway = await RealGateway.create();
  const read = (name: string) => JSON.parse(readFileSync(join(gateway.xopcHome, name), 'utf8')) as Record<string, unknown>;
  const setup = (env: Record<string, string> = {}): Terminal =>
    openTerminal([...launcher, 'setup', '--telegram-api-root', telegram.apiRoot], { ...gateway.env, ...env });
  const run = (env: Record<string, string>, ...args: string[]) => runProcess(launcher, args, { env: { ...gateway.env, ...env } }).done;
  return { models, telegram, gateway, read, setup, run };
}

/** Answers to the questions of a whole run, found by how the question begins. */
function answersFor(
  baseUrl: string,
  code: () => Promise<string>,
): [question: string, answer: (shown: string) => string | Promise<string>][] {
  return [
    ['Provider [', (shown) => (shown.includes('local: set up by models.json') ? '' : '10')],
    ['Base URL', () => baseUrl],
    ['A name for it [local]: ', () => ''],
    ['API key (not shown', () => KEY],
    ['Default model (', () => '2'],
    ['Connect a Telegram bot? [y/N]: ', () => 'y'],
    ['Change the token of telegram/default? [y/N]: ', () => ''],
    ['Token of the bot', () => TOKEN],
    ['Code that the bot answers', code],
    ['Install it as a service', () => 'n'],
  ];
}

/** Answers questions until the end, or until as many were answered. @returns whether the command ended */
async function answerQuestions(terminal: Terminal, answers: ReturnType<typeof answersFor>, count = Infinity): Promise<boolean> {
  for (let answered = 0; ; answered += 1) {
    const shown = await terminal.question();
    if (shown === undefined || answered === count) return shown === undefined;
    const last = shown.split('\n').at(-1) ?? '';
    const found = answers.find(([question]) => last.startsWith(question));
    if (found === undefined) throw new Error(`no answer to '${last}'`);
    terminal.type(await found[1](shown));
  }
}

async function approvalCode(telegram: Awaited<ReturnType<typeof startFakeTelegram>>): Promise<string> {
  const before = telegram.bot.sent.length;
  telegram.say('hello');
  await until('the code', () => telegram.bot.sent.length > before);
  return /approve telegram (\w{8})/.exec(telegram.bot.sent.at(-1)?.text ?? '')?.[1] ?? '';
}

test('on a terminal it leads from nothing to an agent that answers in Telegram, and shows no secret', async () => {
  const { models, telegram, gateway, read, setup } = await world();
  const terminal = setup();
  let code = '';
  const answers = answersFor(models.baseUrl, async () => (code = await approvalCode(telegram)));
  expect(await answerQuestions(terminal, answers)).toBe(true);
  expect(await terminal.exitCode, terminal.all()).toBe(0);
  expect(terminal.all()).toContain('✅ Setup is complete');
  for (const secret of [KEY, TOKEN]) expect(terminal.all()).not.toContain(secret);
  for (const command of [
    `$ xopc models add local --base-url ${models.baseUrl} --api-key-env API_KEY`,
    '$ xopc models test local/tiny-2',
    '$ xopc models default local/tiny-2',
    `$ xopc channels add telegram --api-root ${telegram.apiRoot} --token-env TELEGRAM_BOT_TOKEN`,
    `$ xopc channels approve telegram ${code}`,
  ])
    expect(terminal.all()).toContain(command);
  expect(read('models.json')).toEqual({ providers: { local: { baseUrl: models.baseUrl, apiKey: KEY } } });
  for (const name of ['models.json', 'config.json']) expect(statSync(join(gateway.xopcHome, name)).mode & 0o777).toBe(0o600);
  const answer = await gateway.xopc('agent', 'ping');
  expect(answer.stdout).toBe('ping\n');
  telegram.say('pong');
  await until('an answer', () => telegram.bot.sent.at(-1)?.text === 'pong');
});

test('killed at any question it leaves a gateway that works, and the next run goes on from there', { tags: ['long'] }, async () => {
  const { models, telegram, gateway, read, setup } = await world();
  const answers = answersFor(models.baseUrl, async () => '');
  let runs = 0;
  for (let isDone = false; !isDone; runs += 1) {
    const terminal = setup();
    isDone = await answerQuestions(terminal, answers, runs);
    terminal.child.kill('SIGKILL');
    await terminal.exitCode;
    expect((await gateway.xopc('config', 'validate')).code).toBe(0);
    expect((await gateway.xopc('gateway', 'status')).code).toBe(0);
  }
  expect(runs).toBeGreaterThan(4);
  expect(read('models.json')).toEqual({ providers: { local: { baseUrl: models.baseUrl, apiKey: KEY } } });
  expect(read('config.json')).toMatchObject({
    agents: { defaults: { model: 'local/tiny-2' } },
    channels: { telegram: { accounts: { default: { apiRoot: telegram.apiRoot } } } },
  });
});

test('Ctrl-C at a question says how to go on', async () => {
  const { gateway, setup } = await world();
  const terminal = setup();
  await terminal.shows('Provider [1]: ');
  terminal.type('\u0003');
  expect(await terminal.exitCode).toBe(130);
  expect(terminal.all()).toContain('Setup stopped; finished steps are kept. Continue with: xopc setup');
  expect((await gateway.xopc('gateway', 'status')).code).toBe(0);
});

test('a wrong answer is explained and asked again', async () => {
  const { models, setup } = await world();
  const terminal = setup({ OPENAI_API_KEY: 'sk-wrong', OPENAI_BASE_URL: models.baseUrl });
  await terminal.shows('OpenAI: set up by OPENAI_API_KEY');
  await terminal.shows('Provider [1]: ');
  terminal.type('99');
  await terminal.shows('Answer with a number from 1 to ');
  terminal.type('10');
  await terminal.shows('Base URL');
  terminal.type(models.baseUrl.replace('http://', ''));
  await terminal.shows('A name for it');
  terminal.type('mine');
  await terminal.shows('API key (not shown');
  terminal.type('sk-wrong');
  await terminal.shows('mine does not work: The server rejected the API key');
  await terminal.shows('Provider [1]: ');
  expect(terminal.all()).toContain('Nothing was written.');
});

test('by options it needs no terminal, says what it runs, and a repetition changes nothing', async () => {
  const { models, telegram, gateway, read, run } = await world();
  const args = ['setup', '--yes', '--provider', 'local', '--base-url', models.baseUrl, '--api-key-env', 'MY_KEY', '--model', 'tiny-2'];
  const bot = ['--telegram-token-env', 'MY_BOT', '--telegram-api-root', telegram.apiRoot];
  const env = { MY_KEY: KEY, MY_BOT: TOKEN };
  const first = await run(env, ...args, ...bot);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain('✅ Setup is complete');
  expect(first.stderr).toContain(`$ xopc models add local --base-url ${models.baseUrl} --api-key-env MY_KEY\n`);
  const files = [read('models.json'), read('config.json')];
  const again = await run(env, ...args, ...bot, '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({ done: true, steps: [{ ok: true }, { ok: true }, { ok: true }] });
  expect([read('models.json'), read('config.json')]).toEqual(files);
  expect((await gateway.xopc('agent', 'ping')).stdout).toBe('ping\n');
});

test('a failed step ends it with the reason, and what was done before stays', async () => {
  const { models, gateway, run } = await world();
  const wrong = ['setup', '--yes', '--provider', 'local', '--base-url', models.baseUrl, '--api-key-env', 'MY_KEY'];
  const unset = await gateway.xopc(...wrong);
  expect([unset.code, unset.stderr]).toEqual([2, expect.stringContaining('the environment variable MY_KEY is not set')]);
  const refused = await run({ MY_KEY: 'sk-wrong' }, ...wrong, '--json');
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.stdout)).toMatchObject({ done: false, steps: [{ ok: false, result: { error: { code: 'UNAVAILABLE' } } }] });
  expect((await gateway.xopc('gateway', 'status')).code).toBe(0);
});

test('without a terminal and without options it says which are missing', async () => {
  const { gateway } = await world();
  const outcome = await gateway.xopc('setup');
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toMatch(/not a terminal[^]*--provider NAME[^]*--model MODEL[^]*--telegram-token-env VARIABLE[^]*--service/);
  expect((await gateway.xopc('gateway', 'status')).code).toBe(3);
});
