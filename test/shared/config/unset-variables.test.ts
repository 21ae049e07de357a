import { describe, expect, test } from 'vitest';
import { parseKey, valueAt } from '../../../shared/config/key-path.js';
import { validateConfig, validateFiles } from '../../../shared/config/validate.js';
import { formatProblem } from '../../../shared/errors.js';
import { parseConfigText } from '../../../shared/node/config/config-text.js';

const parse = (text: string, variables: Record<string, string> = {}) => parseConfigText(text, 'config.json', (name) => variables[name]);
const config = (text: string, variables: Record<string, string> = {}) => validateConfig(parse(text, variables));

describe('an unset variable', () => {
  const telegram =
    '{ "channels": { "telegram": { "accounts": { "p": { "botToken": "${TT}", "allowFrom": ["${U}", 4] }, "q": { "botToken": "q" } } } } }';

  test('leaves its account unconfigured, with a warning that says so', () => {
    const { value, problems, warnings } = config(telegram, { U: '1' });
    expect(problems).toEqual([]);
    expect(Object.keys(value?.channels.telegram?.accounts ?? {})).toEqual(['q']);
    expect(warnings.map(formatProblem)).toEqual([
      'config.json:1:64 channels.telegram.accounts.p.botToken refers to ${TT}, which is not set; channels.telegram.accounts.p is left unconfigured',
    ]);
  });

  test('in an optional value leaves only that out', () => {
    const { value, warnings } = config(telegram, { TT: 't' });
    expect(value?.channels.telegram?.accounts['p']?.allowFrom).toEqual([4]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toContain('channels.telegram.accounts.p.allowFrom[0] is left unconfigured');
  });

  test.each([
    [
      'the model of all agents',
      '{ "agents": { "defaults": { "model": { "primary": "${M}", "fallbacks": ["ollama/x"] } } } }',
      'agents.defaults.model',
    ],
    ['the model of an agent', '{ "agents": { "list": [{ "id": "a", "model": { "primary": "${M}" } }] } }', 'agents.list[0].model'],
    ['an MCP server at a URL', '{ "mcp": { "servers": { "s": { "url": "${M}" } } } }', 'mcp.servers.s'],
    ['an MCP server that is a program', '{ "mcp": { "servers": { "s": { "command": "${M}", "args": ["a"] } } } }', 'mcp.servers.s'],
  ])('leaves %s unconfigured, and nothing around it', (_what, text, key) => {
    const { value, problems, warnings } = config(text);
    expect(problems).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual([`refers to \${M}, which is not set; ${key} is left unconfigured`]);
    expect(valueAt(value, parseKey(key))).toBeUndefined();
    expect(valueAt(value, parseKey(key).slice(0, -1))).toBeDefined();
  });

  test('excuses no other mistake in the same place', () => {
    const text =
      '{ "agents": { "defaults": { "model": { "primary": 3, "fallbacks": ["${M}"] } } }, "mcp": { "servers": { "s": { "cwd": "${M}" } } } }';
    expect(config(text).problems.map(({ key }) => key)).toEqual(['agents.defaults.model.primary', 'mcp.servers.s']);
  });

  test('as the API key leaves the generated token in force, never none', () => {
    expect(config('{ "gateway": { "auth": { "api_key": "${NONE}" } } }').value?.gateway.auth.api_key).toBeNull();
  });

  test.each([
    ['{ "gateway": { "host": "${HOST}" } }', 'the gateway would listen on every address'],
    ['{ "gateway": { "allowedIps": ["${LAN}"] } }', 'this restriction would be lifted'],
    ['{ "gateway": { "auth": { "enabled": "${ON}" } } }', 'this restriction would be lifted'],
    ['{ "store": { "url": "${DATABASE}" } }', 'everything would be stored in another place'],
  ])('must not lift a restriction, or change the place of everything: %s is refused', (text, consequence) => {
    const { value, problems } = config(text);
    expect(value).toBeUndefined();
    expect(problems[0]?.message).toContain(`is not set; without it ${consequence}`);
  });

  test('in a list element shifts no position: a later problem is reported at its own position', () => {
    const text = '{ "agents": { "list": [\n{ "id": "${NONE}" },\n{ "id": "main" },\n{ "id": "x", "enabled": 3 } ] } }';
    const { problems } = config(text);
    expect(problems.map(formatProblem)).toEqual(['config.json:4:25 agents.list[2].enabled is 3; it must be true or false']);
  });

  test('in thousands of accounts leaves out all of them', () => {
    const accounts = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`a${index}`, { botToken: '${NONE}' }]));
    const { value, warnings } = config(JSON.stringify({ channels: { telegram: { accounts } } }));
    expect(value?.channels.telegram?.accounts).toEqual({});
    expect(warnings).toHaveLength(101);
    expect(warnings.at(-1)?.message).toContain('has more problems');
  });
});

describe('where the variables of the gateway are unknown, one that is not set', () => {
  test.each([
    ['{ "gateway": { "host": "${HOST}" } }', 'gateway.host'],
    ['{ "gateway": { "allowedIps": ["${LAN}"] } }', 'gateway.allowedIps[0]'],
    ['{ "gateway": { "auth": { "enabled": "${ON}" } } }', 'gateway.auth.enabled'],
    ['{ "store": { "url": "${DATABASE}" } }', 'store.url'],
  ])('is a warning, said once: %s', (text, key) => {
    const { value, problems, warnings } = validateConfig(parse(text), 'unknown');
    expect(problems).toEqual([]);
    expect(value?.gateway.port).toBe(18_790);
    expect(warnings).toMatchObject([{ key, message: expect.stringContaining('is not set; without it') as string }]);
  });

  test('hides no provider, and excuses none that nobody has', () => {
    const models = parseConfigText('{ "providers": { "mine": { "baseUrl": "${MINE}" } } }', 'models.json', () => undefined);
    const references = (model: string, variables?: 'unknown'): (string | undefined)[] =>
      validateFiles(parse(JSON.stringify({ agents: { defaults: { model } } })), models, variables).references.map(({ code }) => code);
    expect(references('mine/m', 'unknown')).toEqual([]);
    expect(references('mine/m')).toEqual(['provider-unknown']);
    expect(references('yours/m', 'unknown')).toEqual(['provider-unknown']);
  });
});
