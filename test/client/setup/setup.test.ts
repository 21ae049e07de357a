/** Steps that options name, on a terminal; the questions are in test/e2e/setup.test.ts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { recordPath } from '../../../client/service/files/install-record.js';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { answers, fakeControl, sampleStatus } from '../../fakes/control-socket.js';
import { fakeHttp, json, type SeenRequest } from '../../fakes/http-server.js';
import { runCommand, startCommand } from '../../helpers/command-line.js';
import { testPaths } from '../../helpers/lock-file.js';
import { makeServicePlan } from '../../helpers/service-plan.js';

const ollama = { id: 'ollama', name: 'Ollama', api: 'openai-completions', baseUrl: 'http://x/v1', configured: true, source: 'discovery' };
const bot = { channel: 'telegram', accountId: 'default', message: null, since: null, lastError: null };

function answer({ path, body }: SeenRequest, response: ServerResponse, state: string): void {
  const documents: Record<string, object> = {
    '/api/providers': { providers: [ollama] },
    '/api/providers/test': { ok: true, cause: null, message: 'Connected', models: ['good', 'bad'], suggestedBaseUrl: null },
    '/api/models': { models: [] },
    '/api/config': { inForce: true, pinned: {}, effective: { agents: { defaults: { model: 'ollama/good' } } } },
    '/api/channels': { channels: [{ ...bot, state }], pairings: [] },
    '/v1/chat/completions': { choices: [{ message: { content: 'OK' } }] },
  };
  if (body.includes('ollama/bad')) json(response, { error: { message: 'no such model' } }, 404);
  else json(response, { status: 'ok', ...documents[path] });
}

function writeRecord({ home, dataDir, configPath }: GatewayPaths): void {
  const directory = join(dataDir, 'service');
  mkdirSync(directory, { recursive: true });
  const program = { runtime: 'binary', path: '/opt/xopc', nodePath: null } as const;
  const plan = makeServicePlan({ home, configPath, launcherPath: join(directory, 'launch'), port: 8_080, host: '127.0.0.1', program });
  writeFileSync(recordPath(directory), JSON.stringify({ v: 1, plan, enabledLinger: false, version: '1.0.0', installedAt: '' }));
}

async function makeHome(bots: string): Promise<GatewayPaths> {
  const server = await fakeHttp((request, response) => answer(request, response, bots));
  const paths = testPaths();
  // No service is installed for a configuration that no gateway could start with.
  writeFileSync(paths.configPath, '{ "gateway": { "port": "none" } }');
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  return paths;
}

async function setUp(bots = 'running', isInstalled = false) {
  const paths = await makeHome(bots);
  if (isInstalled) writeRecord(paths);
  return (...args: string[]) => runCommand(args, { home: paths.home, isTTY: true, variables: { BOT: '1:a' } });
}

const provider = ['--provider', 'ollama'];
const model = [...provider, '--model', 'good'];
const telegram = [...model, '--telegram-token-env', 'BOT'];

test.each([
  { args: [...provider, '--api-key-env', 'NOT_SET'], command: ['models', 'add', 'ollama', '--api-key-env', 'NOT_SET'] },
  { args: [...provider, '--model', 'bad'], command: ['models', 'test', 'ollama/bad'] },
  { args: telegram, bots: 'failed', command: ['channels', 'add', 'telegram', '--token-env', 'BOT'] },
  { args: [...telegram, '--service'], command: ['gateway', 'install'] },
])('setup ends when $command fails, with its exit code', async ({ args, bots, command }) => {
  const run = await setUp(bots);
  const alone = await run(...command);
  expect(alone.code).toBeGreaterThan(0);
  const { code, stdout, stderr } = await run('setup', ...args);
  expect([code, stdout]).toEqual([alone.code, expect.not.stringContaining('Setup is complete')]);
  const shown = stripVTControlCharacters(stderr);
  expect(shown).toContain(`$ xopc ${command.join(' ')}\n`);
  expect(shown).toMatch(/Setup stopped at this step; [^\n]*\n$/);
});

test('an installed service keeps its address; its runtime is that of the program that sets it up', async () => {
  const run = await setUp('running', true);
  const { stderr } = await run('setup', '--service', '--yes');
  expect(stripVTControlCharacters(stderr)).toContain('$ xopc gateway install --port 8080 --host 127.0.0.1\n');
});

test('an address of a Bot API without a token is refused where nothing is asked', async () => {
  const run = await setUp();
  expect(await run('setup', '--telegram-api-root', 'http://127.0.0.1:1', ...model, '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--telegram-api-root needs --telegram-token-env') as string,
  });
});

test('where each command failed and its question was skipped, nothing was changed', async () => {
  const paths = await makeHome('running');
  // So that no service is offered.
  writeRecord(paths);
  const stdin = new PassThrough();
  const { out, err, exitCode } = startCommand(['setup'], { home: paths.home, isTTY: true, stdin });
  let seen = 0;
  for (const [shown, reply] of [
    ['Provider [1]: ', '3'],
    ['- skips) [ollama/good]: ', 'ollama/bad'],
    ['$ xopc models test ollama/bad', undefined],
    ['- skips) [ollama/good]: ', '-'],
    ['[y/N]: ', ''],
  ] as const) {
    await err.until((text) => text.includes(shown, seen));
    seen = err.text.length;
    if (reply !== undefined) stdin.write(`${reply}\r`);
  }
  expect(await exitCode).toBe(0);
  expect(out.text).toContain('Nothing was changed.');
  expect(out.text).not.toContain('Setup is complete');
});

test.each([
  { bots: [], models: [], shown: ['xopc setup  '], hidden: '--channel telegram' },
  { bots: [{ channel: 'telegram' }], models: [{ provider: 'ollama' }], shown: ['cron add', '--channel telegram'], hidden: 'xopc setup  ' },
])('the next steps are those that can be done with $bots and $models', async ({ bots, models, shown, hidden }) => {
  const known: Record<string, object> = { '/api/models': { models }, '/api/channels': { channels: bots, pairings: [] } };
  const server = await fakeHttp((request, response) => {
    const document = known[request.path];
    if (document === undefined) answer(request, response, 'running');
    else json(response, document);
  });
  const paths = testPaths();
  await fakeControl(paths.controlPath, answers({ ...sampleStatus, port: server.port }));
  const { code, stdout } = await runCommand(['setup', '--yes', ...model], { home: paths.home });
  expect(code).toBe(0);
  for (const text of shown) expect(stdout).toContain(text);
  expect(stdout).not.toContain(hidden);
});
