import { expect, test } from 'vitest';
import { validateConfig } from '../../../../shared/config/validate.js';
import { formatProblem } from '../../../../shared/errors.js';
import { parseConfigText } from '../../../../shared/node/config/config-text.js';

const read = (servers: string) => validateConfig(parseConfigText(`{ "mcp": { "servers": ${servers} } }`, 'config.json', () => undefined));

test('a server has defaults for everything but its program or its address', () => {
  expect(read('{ "a": { "command": "x" } }').value?.mcp.servers['a']).toEqual({
    enabled: true,
    command: 'x',
    args: [],
    env: {},
    headers: {},
    timeoutMs: 60_000,
    idleMs: 600_000,
  });
  expect(read('{ "a": { "url": "https://x" } }').problems).toEqual([]);
});

test.each([
  ['{ "A": { "command": "x" } }', 'mcp.servers.A is not a valid name; it must be 1 to 32 lower-case letters, digits and dashes'],
  ['{ "a": {} }', 'mcp.servers.a must have either a command or a url'],
  ['{ "a": { "command": "x", "url": "http://x" } }', 'mcp.servers.a must have either a command or a url'],
  ['{ "a": { "command": "x", "env": { "A B": "" } } }', 'mcp.servers.a.env["A B"] is not a valid name'],
  ['{ "a": { "command": "x\\u0000y" } }', 'mcp.servers.a.command'],
])('%s is refused: %s', (servers, expected) => {
  expect(read(servers).problems.map(formatProblem)).toEqual([expect.stringContaining(expected)]);
});
