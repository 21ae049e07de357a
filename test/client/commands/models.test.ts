import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { GatewayPaths } from '../../../shared/node/process/paths.js';
import { json, type FakeHttp, type SeenRequest } from '../../fakes/http-server.js';
import { fakeApi } from '../../helpers/api-command.js';
import type { CommandOutcome } from '../../helpers/command-line.js';
import { fakeUsage } from '../../helpers/fake-usage.js';

const models = [
  {
    id: 'ollama/llama3.2',
    name: 'Llama',
    provider: 'ollama',
    contextWindow: 8_192,
    maxTokens: null,
    reasoning: true,
    input: ['text', 'image'],
  },
  { id: 'xopc/guide', name: 'Guide', provider: 'xopc', contextWindow: null, maxTokens: null, reasoning: false, input: ['text'] },
];

interface Setup extends FakeHttp {
  readonly paths: GatewayPaths;
  run(...args: string[]): Promise<CommandOutcome>;
}

async function setUp(
  answer: (request: SeenRequest, response: ServerResponse) => void = (_request, response) => json(response, { models }),
): Promise<Setup> {
  const api = await fakeApi(answer);
  return { ...api, run: (...args) => api.run(args) };
}

function configure(paths: GatewayPaths, text: string): void {
  mkdirSync(paths.home, { recursive: true, mode: 0o700 });
  writeFileSync(paths.configPath, text);
}

test('models are listed with their features, all or those of a provider', async () => {
  const { run } = await setUp();
  const lines = (await run('models')).stdout.trimEnd().split('\n');
  expect(lines[1]).toMatch(/^ollama\/llama3\.2 +Llama +8192 +text, image, reasoning$/);
  expect(lines).toHaveLength(3);
  expect(JSON.parse((await run('models', 'list', '--provider', 'xopc', '--json')).stdout)).toEqual({ models: [models[1]] });
  expect((await run('models', '--provider', 'none')).stderr).toContain('xopc models providers');
});

test('providers are listed with whether they are configured', async () => {
  const providers = [
    {
      id: 'openai',
      name: 'OpenAI',
      api: 'openai-responses',
      baseUrl: 'https://api.openai.com/v1',
      configured: false,
      source: 'OPENAI_API_KEY',
    },
  ];
  const { run, seen } = await setUp((_request, response) => json(response, { providers }));
  expect((await run('models', 'providers')).stdout).toMatch(/\nopenai +OpenAI +no +OPENAI_API_KEY +https:\/\/api\.openai\.com\/v1\n$/);
  expect(seen[0]?.path).toBe('/api/providers');
});

test('of a provider whose models could not be listed, test says why and the list names it', async () => {
  const providers = [
    { id: 'openai', configured: true },
    { id: 'ollama', configured: true },
    { id: 'groq', configured: false },
  ];
  const refused = { ok: false, cause: 'unauthorized', message: 'The API key is not accepted.', httpStatus: 401, models: [] };
  const found = { ok: true, cause: null, message: '', httpStatus: 200, models: ['gpt-5'] };
  let result: object = refused;
  const { run, seen } = await setUp(({ path, method }, response) => {
    if (path === '/v1/chat/completions') return json(response, { choices: [{ message: { content: 'OK' } }] });
    return json(response, method === 'POST' ? result : { models, providers, defaults: [] });
  });
  expect(await run('models', 'test', 'openai')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('openai does not work: The API key is not accepted.') as string,
  });
  expect(seen.at(-1)).toMatchObject({ path: '/api/providers/test', body: '{"id":"openai"}' });
  expect((await run('models')).stderr).toBe('openai: its models could not be listed. See why with: xopc models test openai\n');
  expect((await run('models', 'test', 'none')).stderr).toContain("there is no model, provider or agent 'none'");
  result = { ...found, models: [] };
  expect((await run('models', 'test', 'openai')).stderr).toContain('openai lists no models');
  result = found;
  expect((await run('models', 'test', 'openai')).stdout).toContain('openai/gpt-5 answered');
});

test('a long answer is shown in one line, and in full as JSON', async () => {
  const content = `No language model is configured yet.\n\n${'Word '.repeat(60)}`;
  const { run } = await setUp((_request, response) => json(response, { choices: [{ message: { content } }] }));
  const { stdout } = await run('models', 'test', 'xopc/guide');
  expect(stdout).toMatch(/^xopc\/guide answered in \d+ ms: No language model is configured yet\. Word .*…\n$/);
  expect(stdout.length).toBeLessThan(130);
  expect(JSON.parse((await run('models', 'test', 'xopc/guide', '--json')).stdout)).toMatchObject({ reply: content });
});

test('what was used is added up by model, day, session, agent, kind and access token', async () => {
  const { run, seen } = await setUp((_request, response) => json(response, { status: 'ok', ...fakeUsage }));
  expect((await run('models', 'usage')).stdout).toMatch(
    /^MODEL +TURNS +CALLS +INPUT +OUTPUT +COST\nfake\/echo +2 +3 +300 +40 +\$0\.0015 \+\?\ntotal +2 +3 /,
  );
  expect((await run('models', 'usage', '--by', 'day', '--days', '7')).stdout).toMatch(/\n2026-01-01 +0 +0 +0 +0\n2026-01-02 +2 +3 +300/);
  expect((await run('models', 'usage', '--by', 'session')).stdout).toContain('\nmain:api:default:direct:one ');
  expect((await run('models', 'usage', '--by', 'token')).stdout).toMatch(/\nci +2 +3 .*\n\(no access token\) +0 +0 +0 +0 *\ntotal +2 /);
  expect((await run('models', 'usage', '--by', 'agent')).stdout).toMatch(/\nmain +2 +3 /);
  expect((await run('models', 'usage', '--by', 'kind')).stdout).toMatch(/\nturn +2 +3 /);
  expect(seen.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('days'))).toEqual(['30', '7', '30', '30', '30', '30']);
  for (const flags of [
    ['--by', 'x'],
    ['--days', '0'],
    ['--days', '400'],
  ])
    expect((await run('models', 'usage', ...flags)).code).toBe(2);
});

test('a model is asked a short question; its failure is the exit code', async () => {
  const { run, seen } = await setUp(({ body }, response) =>
    body.includes('broken')
      ? json(response, { error: { code: 'AGENT_ERROR', message: 'it is out of credit' } }, 502)
      : json(response, { choices: [{ message: { content: 'OK' } }], usage: { prompt_tokens: 9, completion_tokens: 1 } }),
  );
  const good = await run('models', 'test', 'ollama/llama3.2');
  expect(good.stdout).toMatch(/^ollama\/llama3\.2 answered in \d+ ms: OK\n$/);
  expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({ model: 'ollama/llama3.2' });
  const bad = await run('models', 'test', 'broken/model');
  expect(bad).toMatchObject({ code: 1, stdout: '' });
  expect(bad.stderr).toContain('it is out of credit');
});

test.each([
  ['nothing', [], 'ollama/llama3.2'],
  ['an agent', ['coder'], 'openai/gpt-5-mini'],
  ['a provider', ['openai'], 'openai/b'],
])('models test of %s asks the model that it stands for', async (_what, names, model) => {
  const defaults = [
    { agentId: 'main', model: 'ollama/llama3.2' },
    { agentId: 'coder', model: 'openai/gpt-5-mini' },
  ];
  const listed = [{ id: 'openai/b', provider: 'openai' }];
  const { run, seen } = await setUp((_request, response) =>
    json(response, { models: listed, providers: [], defaults, choices: [{ message: { content: 'OK' } }] }),
  );
  expect(JSON.parse((await run('models', 'test', ...names, '--json')).stdout)).toMatchObject({ model });
  expect(JSON.parse(seen.at(-1)?.body ?? '')).toMatchObject({ model });
  expect(await run('models', 'test', 'nobody')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('xopc models providers') as string,
  });
});

test('the default is shown and set, comments and fallbacks kept', async () => {
  const { run, paths } = await setUp((_request, response) => json(response, { models, inForce: true, pinned: {} }));
  expect((await run('models', 'default')).stderr).toContain('No default model is set');
  configure(paths, '// mine\n{ "agents": { "defaults": { "model": "a/b" } } }\n');
  expect((await run('models', 'default')).stdout).toBe('a/b\n');
  const set = await run('models', 'default', 'ollama/llama3.2');
  expect(set.stderr).toContain('ollama/llama3.2 is now the default; the running gateway has applied it.\nTry it with: ');
  expect(readFileSync(paths.configPath, 'utf8')).toContain('// mine');
  expect((await run('models', 'default')).stdout).toBe('ollama/llama3.2\n');
  configure(paths, '{ "agents": { "defaults": { "model": { "primary": "openai/b", "fallbacks": ["openai/d"] } } } }\n');
  expect((await run('models', 'default', 'openai/f')).stderr).toContain('no configured provider lists openai/f');
  expect(JSON.parse((await run('models', 'default', '--json')).stdout)).toEqual({ model: 'openai/f', fallbacks: ['openai/d'] });
});

test('an invalid model is a usage error, and nothing is written', async () => {
  const { run, paths } = await setUp();
  configure(paths, '{}\n');
  expect((await run('models', 'default', 'gpt')).code).toBe(2);
  expect(readFileSync(paths.configPath, 'utf8')).toBe('{}\n');
});
