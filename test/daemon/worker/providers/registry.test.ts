import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createGuide } from '../../../../daemon/worker/turns/model/guide.js';
import { renderWelcome } from '../../../../client/gateway/first-start.js';
import { KNOWN_PROVIDERS } from '../../../../shared/config/known-providers.js';
import { listModels } from '../../../../daemon/worker/providers/list-models.js';
import { ProviderRegistry } from '../../../../daemon/worker/providers/registry.js';
import { modelsSchema } from '../../../../shared/config/models-schema.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';

function make(document: unknown, environment: Record<string, string> = {}, list: () => Promise<string[]> = async () => []) {
  const clock = new FakeClock();
  const options = {
    document: modelsSchema.parse(document),
    lookup: (name: string) => environment[name],
    ai: () => {
      throw new Error('not called here');
    },
    listModels: list,
    builtIn: createGuide({ modelsPath: '', configPath: '' }),
    clock,
    local: { found: () => undefined, ready: async () => undefined },
  };
  return { registry: new ProviderRegistry(options), clock, options };
}

const local = { baseUrl: 'http://127.0.0.1:11434/v1' };

test.each([
  { name: 'a model of the list', document: { providers: { local: { ...local, models: [{ id: 'a/b:c' }] } } }, ref: 'local/a/b:c' },
  { name: 'any model of a provider without a list', document: { providers: { local } }, ref: 'local/whatever' },
  { name: 'a new model of a vendor', document: {}, environment: { OPENAI_API_KEY: 'k' }, ref: 'openai/gpt-9' },
  { name: 'the built-in guide', document: { mode: 'replace' }, ref: 'xopc/guide' },
])('$name resolves', ({ document, environment, ref }) => {
  expect(make(document, environment).registry.resolve(ref)).toMatchObject({ ref, modelId: ref.slice(ref.indexOf('/') + 1) });
});

test.each([
  {
    name: 'a model outside the list',
    document: { providers: { local: { ...local, models: [{ id: 'a' }] } } },
    ref: 'local/b',
    reason: "'local' has only a",
  },
  { name: 'a provider that is not there', document: {}, ref: 'nobody/x', reason: "there is no provider 'nobody'" },
  { name: 'another model of the guide', document: {}, ref: 'xopc/nothing', reason: "'xopc' has only guide" },
  { name: 'a vendor without its key', document: {}, ref: 'openai/gpt-5', reason: 'OPENAI_API_KEY is not set' },
  {
    name: 'a vendor that `replace` leaves out',
    document: { mode: 'replace' },
    environment: { OPENAI_API_KEY: 'k' },
    ref: 'openai/gpt-5',
    reason: "no provider 'openai'",
  },
  {
    name: 'an address that is none',
    document: {},
    environment: { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'localhost:1' },
    ref: 'openai/x',
    reason: "'localhost:1'",
  },
  { name: 'a text without a slash', document: {}, ref: 'gpt-5', reason: 'it must be PROVIDER/MODEL' },
  { name: 'a prototype’s name', document: {}, ref: 'constructor/x', reason: "no provider 'constructor'" },
])('$name does not, and says why', ({ document, environment, ref, reason }) => {
  const { registry } = make(document, environment);
  expect(() => registry.resolve(ref)).toThrow(
    expect.objectContaining({ code: 'MODEL_NOT_FOUND', message: expect.stringContaining(reason) as string }),
  );
});

test.each([
  {
    name: 'the first usable provider’s first model',
    document: { providers: { openai: { baseUrl: 'https://api.openai.com/v1' }, b: { ...local, models: [{ id: 'm' }] } } },
    ref: 'b/m',
  },
  { name: 'what the server says that it has', document: { providers: { b: local } }, ref: 'b/listed' },
  { name: 'a vendor’s default', document: {}, environment: { OPENAI_API_KEY: 'k' }, ref: 'openai/gpt-5-mini' },
  {
    name: 'a vendor’s default where another server does not say',
    document: {},
    environment: { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' },
    list: async () => [],
    ref: 'openai/gpt-5-mini',
  },
  { name: 'the guide where nothing is set up', document: {}, ref: 'xopc/guide' },
])('the default is $name', async ({ document, environment, list, ref }) => {
  expect(await make(document, environment, list ?? (async () => ['listed'])).registry.defaultRef()).toBe(ref);
});

test('a model for embeddings is not the default: of a server that is asked for its models, and of one found on this machine', async () => {
  const embedding = 'text-embedding-nomic-embed-text-v1.5';
  const asked = make({ providers: { local } }, {}, async () => [embedding, 'qwen3']).registry;
  expect(await asked.defaultRef()).toBe('local/qwen3');
  expect((await asked.models()).map(({ id }) => id)).toEqual(['local/qwen3', `local/${embedding}`, 'xopc/guide']);
  expect(await make({ providers: { local } }, {}, async () => [embedding]).registry.defaultRef()).toBe('xopc/guide');
  const { options } = make({}, {}, async () => [embedding]);
  const found = new ProviderRegistry({ ...options, local: { ...options.local, found: (id) => (id === 'lmstudio' ? [] : undefined) } });
  expect(await found.defaultRef()).toBe('xopc/guide');
  expect((await found.models()).map(({ id }) => id)).toEqual(['xopc/guide']);
  expect(found.resolve(`lmstudio/${embedding}`)).toMatchObject({ modelId: embedding });
});

test('models.json comes before the environment, and takes its key from it', async () => {
  const document = { providers: { openai: { baseUrl: 'https://api.openai.com/v1', models: [{ id: 'mine' }] } } };
  expect(make(document, { OPENAI_API_KEY: 'k' }).registry.entries.filter(({ id }) => id === 'openai')).toEqual([
    expect.objectContaining({ id: 'openai', apiKey: 'k', source: 'models.json', problem: undefined }),
  ]);
  expect(make(document).registry.entries[0]?.problem).toContain('OPENAI_API_KEY is not set');
});

test('a password in an address becomes a header, whatever names the address', () => {
  const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`;
  const baseUrl = 'http://me:secret@host:9/v1';
  const own = { Authorization: 'Bearer own' };
  const document = { providers: { mine: { baseUrl }, other: { baseUrl, headers: own } } };
  const { registry } = make(document, { OPENAI_BASE_URL: baseUrl });
  const shown = (id: string) => registry.settingsOf(id);
  const wanted = { baseUrl: 'http://host:9/v1', headers: { authorization }, problem: undefined };
  expect([shown('mine'), shown('openai')]).toMatchObject([wanted, { ...wanted, addressVariable: 'OPENAI_BASE_URL' }]);
  expect(shown('other')).toMatchObject({ ...wanted, headers: own });
  expect(registry.resolve('openai/m').failing).toMatchObject({ baseUrl: wanted.baseUrl, addressVariable: 'OPENAI_BASE_URL' });
  expect(make({}, { OPENAI_BASE_URL: 'me:secret@host' }).registry.settingsOf('openai')).toMatchObject({
    problem: 'the environment variable OPENAI_BASE_URL has a value that is not an http or https URL',
  });
});

test.each([
  ['a line break in its key', { apiKey: 'sk-first\nsecond' }, 'its apiKey has a character that cannot be sent'],
  ['a masked key', { apiKey: '…cdef' }, 'its apiKey is the mask of a secret'],
  ['a header name with a space', { headers: { 'X Y': 'cdef' } }, 'its header "X Y" has an invalid name'],
  ['a header with a line break', { apiKey: 'k', headers: { 'X-Team': 'a\r\nb' } }, 'its header X-Team has'],
])('a provider with %s cannot be used, and says so without the value', (_what, entry, problem) => {
  const { registry } = make({ providers: { mine: { baseUrl: 'http://127.0.0.1:9/v1', models: [{ id: 'a' }], ...entry } } });
  const found = registry.entries.find(({ id }) => id === 'mine')?.problem;
  expect(found).toContain(problem);
  expect(found).not.toMatch(/sk-first|second|cdef/);
  expect(() => registry.resolve('mine/a')).toThrow(problem);
});

test('a key from the environment is checked like a configured one, and white space around it is allowed', () => {
  const problemOf = (key: string) => make({}, { OPENAI_API_KEY: key }).registry.entries.find(({ id }) => id === 'openai')?.problem;
  expect(problemOf('sk-a\nb')).toContain('the environment variable OPENAI_API_KEY has a character');
  expect(problemOf(' sk-ab\n')).toBeUndefined();
});

test('a server is asked for its models once in a while, also when it did not answer', async () => {
  let asked = 0;
  const { registry, clock } = make({ providers: { local } }, {}, async () => {
    asked += 1;
    if (asked === 1) throw new Error('not yet');
    return ['one'];
  });
  expect(await registry.defaultRef()).toBe('xopc/guide');
  expect(await registry.defaultRef()).toBe('xopc/guide');
  expect(asked).toBe(1);
  clock.jump(30_000);
  expect(await Promise.all([registry.defaultRef(), registry.defaultRef()])).toEqual(['local/one', 'local/one']);
  expect(asked).toBe(2);
  expect((await registry.models()).map(({ id }) => id)).toEqual(['local/one', 'xopc/guide']);
});

test('a server’s list is read with the provider’s key', async () => {
  const fake = await startFakeOpenAi({ apiKey: 'k', models: ['a', 'b'] });
  onTestFinished(() => fake.close());
  const settings = { id: 'x', name: 'X', api: 'openai-completions' as const, baseUrl: `${fake.baseUrl}/` };
  expect(await listModels({ ...settings, apiKey: 'k' })).toEqual(['a', 'b']);
  await expect(listModels(settings)).rejects.toThrow('HTTP 401');
});

test.each([
  { name: 'no JSON', body: '<html>' },
  { name: 'a list that never ends', body: 'x'.repeat(5_000_000) },
])('an answer that is $name is an error', async ({ body }) => {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(
    listModels({ id: 'x', name: 'X', api: 'openai-completions' as const, baseUrl: `http://127.0.0.1:${port}` }),
  ).rejects.toThrow();
});

test('each vendor is switched on by any of its keys, and by no other vendor’s', () => {
  for (const { id, keyVariables } of KNOWN_PROVIDERS) {
    for (const variable of keyVariables) {
      const usable = make({}, { [variable]: 'k' }).registry.entries.filter(({ problem }) => problem === undefined);
      expect(usable.map((entry) => [entry.id, entry.apiKey, entry.source])).toEqual([[id, 'k', variable]]);
    }
  }
});

test('what is known of a vendor’s models also holds for its entry in models.json, and known ones come first', async () => {
  const document = { providers: { openai: { baseUrl: 'https://api.openai.com/v1', apiKey: 'k' } } };
  const { registry } = make(document, {}, async () => ['babbage', 'gpt-5', 'gpt-4o-mini']);
  const models = await registry.models();
  expect(models.map(({ id }) => id)).toEqual(['openai/gpt-5', 'openai/gpt-4o-mini', 'openai/babbage', 'xopc/guide']);
  expect(models[0]).toMatchObject({ name: 'GPT-5', contextWindow: 400_000 });
  expect(registry.resolve('openai/gpt-4.1')).toMatchObject({ contextWindow: 1_047_576, takesImages: true });
  expect(await registry.defaultRef()).toBe('openai/gpt-5');
});

test('the first start names the command that adds a model', () => {
  expect(renderWelcome({ url: '', pageLink: undefined, hasModel: false }).join('\n')).toContain('xopc setup');
  expect(renderWelcome({ url: '', pageLink: undefined, hasModel: true }).join('\n')).not.toContain('xopc setup');
});
