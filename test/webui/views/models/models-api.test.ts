import { expect, test, vi } from 'vitest';

vi.stubGlobal('location', new URL('http://localhost:18790/'));
vi.stubGlobal('navigator', { language: 'en' });
vi.stubGlobal('document', { documentElement: {} });

interface Texts {
  readonly contextWindow: string;
  readonly input: string;
  readonly output: string;
}
interface Entry {
  readonly id: string;
}
// By names that the compiler does not follow: it is code of the browser.
const sources = ['../../../../webui/src/views/models/models-api.js', '../../../../webui/src/views/models/provider/model-facts.js'];
const [{ saveCall, suggestId }, { factsOf }] = (await Promise.all(sources.map((source) => import(source)))) as [
  {
    saveCall(fields: object, start?: object, known?: readonly Entry[]): { body: { providers: Record<string, object> } };
    suggestId(baseUrl: string, taken: readonly string[], known?: string): string;
  },
  { factsOf(changed: Partial<Texts>, known: object | null): object },
];

/** As the form shows it: the address lacks its password, and what was added elsewhere since is not in the list. */
const start = { id: 'llm', baseUrl: 'https://llm.example/v1', api: 'openai-completions', apiKey: '', models: 'a\nb' };
const known = [{ id: 'a', name: 'A' }, { id: 'b' }, { id: 'new' }];

test('of a provider only what the form changes is saved: not its address, and not models that somebody else has added or removed', () => {
  const patchOf = (change: object, now: readonly Entry[] = known): unknown =>
    saveCall({ ...start, ...change }, start, now).body.providers['llm'];
  expect(patchOf({})).toEqual({});
  expect(patchOf({ apiKey: 'sk-new' })).toEqual({ apiKey: 'sk-new' });
  expect(patchOf({ models: ' c \na' })).toEqual({ models: [{ id: 'c' }, { id: 'a', name: 'A' }, { id: 'new' }] });
  expect(patchOf({ models: 'a\nb\nc' }, [{ id: 'b' }])).toEqual({ models: [{ id: 'b' }, { id: 'c' }] });
  expect(patchOf({ models: '' })).toEqual({ models: [{ id: 'new' }] });
});

test('a new provider is saved whole, without what is left empty', () => {
  const { baseUrl, api } = start;
  expect(saveCall({ ...start, models: '' }).body).toEqual({ providers: { llm: { baseUrl, api } } });
  expect(saveCall({ ...start, apiKey: 'k' }).body).toEqual({
    providers: { llm: { baseUrl, api, apiKey: 'k', models: [{ id: 'a' }, { id: 'b' }] } },
  });
});

test.each([
  ['http://localhost:8000/v1', 'local'],
  ['http://[::1]:8000/v1', 'local'],
  ['http://192.168.1.5:8001/v1', '192.168.1.5'],
  ['https://api.groq.com/openai/v1', 'groq'],
  ['https://llm.example.co.uk/v1', 'example'],
  ['https://api.example.com.cn/v1', 'example'],
  ['https://box/v1', 'box'],
  ['https://', ''],
])('the name suggested for %s is %s, with a number where another provider has it', (url, name) => {
  expect(suggestId(url, ['other'])).toBe(name);
  if (name !== '') expect(suggestId(url, [name, `${name}-2`])).toBe(`${name}-3`);
  expect(suggestId(url, ['groq'], 'groq')).toBe('groq-2');
});

test('of a model only the texts that were changed are saved, beside what is known by now', () => {
  const cost = { input: 1, output: 10, cacheRead: 0.5 };
  expect(factsOf({}, cost)).toStrictEqual({});
  expect(factsOf({ contextWindow: '128k' }, cost)).toEqual({ contextWindow: 128_000 });
  expect(factsOf({ input: '2' }, cost)).toStrictEqual({ cost: { ...cost, input: 2 } });
  expect(factsOf({ contextWindow: '', input: '', output: '' }, cost)).toEqual({ contextWindow: undefined, cost: undefined });
  expect(factsOf({ output: '3' }, null)).toEqual({ cost: { input: 0, output: 3 } });
});
