import { describe, expect, test } from 'vitest';
import { configJsonSchema, validateConfig, validateModels, type Validation } from '../../../shared/config/validate.js';
import { formatProblem } from '../../../shared/errors.js';
import { parseConfigText } from '../../../shared/node/config/config-text.js';
import { cpuMs } from '../../helpers/cpu-time.js';

const parse = (text: string, variables: Record<string, string> = {}) => parseConfigText(text, 'config.json', (name) => variables[name]);
const config = (text: string, variables: Record<string, string> = {}) => validateConfig(parse(text, variables));
const lines = ({ problems }: Validation<unknown>): string[] => problems.map(formatProblem);

const webhook = (signature: string): string =>
  `{ "channels": { "webhook": { "accounts": { "a": { "url": "http://x", "signature": ${signature} } } } } }`;

test('an empty document has every default', () => {
  const { value, problems, warnings } = config('{}');
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
  expect(value?.gateway).toMatchObject({ host: '0.0.0.0', port: 18_790, drainTimeoutMs: 5_000 });
});

test('the text of a problem names file, line, column, key, value and what is allowed', () => {
  expect(lines(config('{ "gateway": {\n    "drainTimeoutMs": -1 } }'))).toEqual([
    'config.json:2:23 gateway.drainTimeoutMs is -1; it must be a whole number from 0 to 600000',
  ]);
});

test.each([
  ['{ "gateway": { "port": 99999 } }', 'gateway.port is 99999; it must be a whole number from 1 to 65535'],
  ['{ "gateway": { "port": "80" } }', 'gateway.port is "80"; it must be a whole number from 1 to 65535'],
  ['{ "gateway": { "port": 1.5 } }', 'gateway.port is 1.5; it must be a whole number from 1 to 65535'],
  ['{ "gateway": { "auth": { "api_key": " " } } }', 'gateway.auth.api_key has an invalid value'],
  ['{ "gateway": [] }', 'gateway is []; it must be an object { … }'],
  ['{ "gateway": { "prot": 1 } }', "gateway.prot is not a known key; did you mean 'port'?"],
  ['{ "gateway": { "qqqqqq": 1 } }', 'gateway.qqqqqq is not a known key; known here: host, port,'],
  ['{ "logs": { "level": "loud" } }', 'logs.level is "loud"; it must be one of "trace", "debug"'],
  ['{ "cron": { "enabled": "yes" } }', 'cron.enabled is "yes"; it must be true or false'],
  ['{ "gateway": { "cors": { "origins": ["http://a/b"] } } }', 'gateway.cors.origins[0] is "http://a/b"; it must be'],
  ['{ "agents": { "list": [{ "id": "a", "model": 4 }] } }', 'agents.list[0].model is 4; it must be text or an object'],
  ['{ "agents": { "defaults": { "model": "gpt" } } }', 'agents.defaults.model is "gpt"; it must be provider/model'],
  ['{ "agents": { "defaults": { "model": { "primary": 3 } } } }', 'agents.defaults.model.primary is 3; it must be text'],
  ['{ "agents": { "list": [{ "name": "x" }] } }', 'agents.list[0].id is required; it must be text'],
  ['{ "agents": { "default": "zz" } }', "agents.default 'zz' is not in agents.list"],
  ['{ "agents": { "list": [] } }', 'agents.list has no enabled agent; add one such as {"id": "main"}, or remove "enabled": false'],
  ['{ "agents": { "list": [{ "id": "a", "enabled": false }] } }', 'agents.list has no enabled agent'],
  [
    '{ "channels": { "webhook": { "accounts": { "a b": { "url": "http://x" } } } } }',
    'channels.webhook.accounts["a b"] is not a valid name; it must be 1–64 letters',
  ],
  [
    webhook('{ "header": "X Sign" }'),
    'channels.webhook.accounts.a.signature.header is "X Sign"; it must be the name of a header, such as X-Signature',
  ],
  [
    webhook('{ "header": "X-Sign", "timestampHeader": "X-Time", "content": "v0:{body}" }'),
    'channels.webhook.accounts.a.signature.content must have {body} once, and {timestamp} where timestampHeader is set',
  ],
])('%s is reported as: %s', (text, expected) => {
  const found = lines(config(text));
  expect(found.map((line) => line.replace(/^config\.json:\d+:\d+ /, ''))).toContainEqual(expect.stringContaining(expected));
});

test.each([
  [{}, 'main'],
  [{ list: [{ id: 'a' }, { id: 'b' }] }, 'a'],
  [{ list: [{ id: 'a', enabled: false }, { id: 'b' }] }, 'b'],
  [{ default: 'b', list: [{ id: 'a' }, { id: 'b' }] }, 'b'],
  [{ default: 'b', list: [{ id: 'a' }, { id: 'b', enabled: false }] }, 'a'],
])('the default agent of %j is %s', (agents, expected) => {
  expect(config(JSON.stringify({ agents })).value?.agents.default).toBe(expected);
});

test('an unknown key is located at the key, a value at the value', () => {
  expect(config('{ "gateway": { "prot": 1 } }').problems[0]).toMatchObject({ line: 1, column: 16 });
  expect(config('{ "gateway": { "port": 0 } }').problems[0]).toMatchObject({ line: 1, column: 24 });
});

test.each([
  ['{ "gateway": { "auth": { "api_key": 123456789 } } }'],
  ['{ "channels": { "telegram": { "accounts": { "a": { "botToken": 123456789 } } } } }'],
  ['{ "channels": { "webhook": { "accounts": { "a": { "url": "htp:123456789" } } } } }'],
  ['{ "channels": { "webhook": { "accounts": { "a": { "url": "http://x", "inboundToken": "123456789" } } } } }'],
])('a value that may be a secret is never shown: %s', (text) => {
  const found = lines(config(text));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/has an invalid value; it must be/);
  expect(found[0]).not.toContain('123456789');
});

test('a value from the environment is shown as it is written, not as it is', () => {
  expect(lines(config('{ "gateway": { "port": "${SECRET}" } }', { SECRET: 'hunter2' }))).toEqual([
    expect.stringContaining('is "${SECRET}"; it must be'),
  ]);
});

test('control characters and endless texts in a value are harmless', () => {
  const [line = ''] = lines(config(JSON.stringify({ logs: { level: `\u001b[31m\u202e\u0085${'x'.repeat(10_000)}` } })));
  expect(line.length).toBeLessThan(300);
  // eslint-disable-next-line no-control-regex -- what must not be there
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
});

test('a text that cannot be read has its problems passed on', () => {
  const { value, problems } = config('{ "gateway": ');
  expect(value).toBeUndefined();
  expect(problems).toEqual([
    { file: 'config.json', line: 1, column: 14, message: 'a value is expected here', code: 'json-value-expected', values: {} },
  ]);
});

test('models.json is checked the same way', () => {
  const text = '{ "providers": { "local": { "baseUrl": "localhost", "apiKey": "${NONE}" }, "Big": {} } }';
  expect(lines(validateModels(parseConfigText(text, 'models.json', () => undefined)))).toEqual([
    'models.json:1:40 providers.local.baseUrl is "localhost"; it must be a URL such as https://example.com',
    expect.stringMatching(/^models\.json:1:76 providers\.Big is not a valid name; it must be lower-case/),
  ]);
});

test('the JSON Schema describes what may be written: nothing but closed objects, no key required at the top', () => {
  const schema = configJsonSchema() as { properties: Record<string, unknown>; additionalProperties: unknown; required?: unknown };
  expect(Object.keys(schema.properties)).toContain('gateway');
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toBeUndefined();
});

describe('a mask in place of a secret', () => {
  test.each([
    ['{ "gateway": { "auth": { "api_key": "abc12345...xyz67890" } } }', 'gateway.auth.api_key', 37],
    ['{ "gateway": { "auth": { "api_key": { "$secret": true, "hint": "…7890" } } } }', 'gateway.auth.api_key', 37],
    ['{ "channels": { "telegram": { "accounts": { "a": { "botToken": "****" } } } } }', 'channels.telegram.accounts.a.botToken', 64],
    ['{ "gateway": { "auth": { "api_key": "${MASKED}" } } }', 'gateway.auth.api_key', 37],
  ])('in %s is a problem', (text, key, column) => {
    const document = parseConfigText(text, 'config.json', (name) => (name === 'MASKED' ? '****' : undefined));
    expect(validateConfig(document).problems).toEqual([
      {
        file: 'config.json',
        line: 1,
        column,
        key,
        message: 'is the mask of a secret, not the secret; write the secret itself, or ${VARIABLE}',
        code: 'masked-secret',
        values: { variable: 'VARIABLE' },
      },
    ]);
  });

  test('in models.json is one too', () => {
    const document = parseConfigText(
      '{ "providers": { "p": { "baseUrl": "http://u:****@h/v1", "headers": { "X-Key": "sk-...abcd" } } } }',
      'models.json',
    );
    expect(validateModels(document).problems.map(({ key }) => key)).toEqual(['providers.p.baseUrl', 'providers.p.headers.X-Key']);
  });
});

describe('a large document', () => {
  test('of twenty thousand agents is validated in the time of their number, not of its square', () => {
    const list = Array.from({ length: 20_000 }, (_agent, index) => ({ id: `a${index}`, model: 'p/m' }));
    const text = JSON.stringify({ agents: { list } });
    expect(cpuMs(() => config(text))).toBeLessThan(5_000);
  });

  test('with more problems than zod can pass on is invalid, not an error', () => {
    const { value, problems } = config(`{"agents":{"list":[${Array.from({ length: 200_000 }, () => 1).join(',')}]}}`);
    expect(value).toBeUndefined();
    expect(lines({ value, problems, warnings: [] })[0]).toMatch(
      /^config.json(?::1:\d+ agents.list\[0\] is 1| has more problems than can be listed)/,
    );
  });

  test('with a key that is set very often lists the first hundred', () => {
    expect(parse(`{${Array.from({ length: 5_000 }, () => '"k":1').join(',')}}`).problems).toHaveLength(100);
  });

  test('with a long key shortens it in the message', () => {
    expect(config(`{"${'k'.repeat(10_000)}":1}`).problems[0]?.key).toBe(`["${'k'.repeat(100)}…"]`);
  });

  test('with a number that JavaScript cannot hold says so', () => {
    const text =
      '{"gateway":{"port":1e999},"channels":{"telegram":{"accounts":{"a":{"botToken":"x","allowFrom":[12345678901234567890]}}}}}';
    expect(lines(config(text))).toEqual([
      expect.stringMatching(/gateway.port is a number beyond ±9007199254740991; it must be a whole number from 1 to 65535/),
      expect.stringMatching(/allowFrom\[0\] is a number beyond ±9007199254740991; it must be/),
    ]);
  });

  test('with half of a surrogate pair, or a NUL, is a problem', () => {
    expect(lines(config('{"a\\u0000":1,"logs":{"level":"\\ud800"}}'))).toEqual([
      expect.stringMatching(/:1:2 .*has a NUL character or half of a surrogate pair/),
      expect.stringMatching(/:1:30 logs.level has a NUL character or half of a surrogate pair/),
    ]);
  });

  test('with many problems lists the first hundred', () => {
    const many = config(JSON.stringify({ agents: { list: Array.from({ length: 5_000 }, () => 1) } }));
    expect(many.problems).toHaveLength(101);
    const keys = config(JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_value, index) => [`k${index}`, 1]))));
    expect(keys.problems).toHaveLength(101);
    expect(keys.problems.at(-1)?.message).toBe('has more problems; they are listed once these are solved');
  });
});
