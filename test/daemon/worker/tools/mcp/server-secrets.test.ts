import { expect, test } from 'vitest';
import { readResult } from '../../../../../daemon/worker/tools/mcp/call-result.js';
import { secretsIn } from '../../../../../daemon/worker/tools/mcp/server-secrets.js';
import { testConfig } from '../../../../helpers/test-config.js';

const env = { API_KEY: 'quoted-"0123"', NOTES: '/srv/notes', GITHUB: `ghp_${'a1B2'.repeat(9)}`, SHORT_KEY: 'abc' };
const headers = { 'X-Auth': 'auth-0123', 'X-Team': 'team-ops', Authorization: 'Bearer bear-0123' };
const known = (settings: object) => secretsIn(testConfig({ mcp: { servers: { one: settings } } }).mcp.servers['one'] as never);
const shown = (result: object, settings: object): string => readResult(result, known(settings)).text;

test('a result has no secret of its server, and keeps the settings that a model goes on with', () => {
  const program = { command: 'x', env };
  const all = JSON.stringify(env);
  const masked = JSON.stringify({ ...env, API_KEY: '****', GITHUB: '****' });
  expect(shown({ content: [{ type: 'text', text: all }] }, program)).toBe(masked);
  expect(shown({ content: [{ type: 'resource', resource: { name: 'r', text: all } }] }, program)).toBe(`r:\n${masked}`);
  expect(shown({ structuredContent: env }, program)).toBe(masked);
  const remote = { url: 'https://me:pass%2Fword@mcp.example/v1', headers, token: 'token-0123' };
  const text = 'auth-0123 team-ops token-0123 pass/word bear-0123';
  expect(shown({ content: [{ type: 'text', text }] }, remote)).toBe('**** team-ops **** **** ****');
});

test('an error has no value at all that its server was given, also where it is cut', () => {
  const wrong = (text: string) => ({ content: [{ type: 'text', text }], isError: true });
  expect(shown(wrong(`${env.NOTES}: ${env.API_KEY} is wrong`), { command: 'x', env })).toBe('****: **** is wrong');
  expect(shown(wrong('team-ops, token-0123'), { url: 'https://x', headers, token: 'token-0123' })).toBe('****, ****');
  const before = 'x'.repeat(99_995);
  expect(shown(wrong(`${before}${env.NOTES} and more`), { command: 'x', env })).toBe(
    `${before}**** \n\n(truncated: this is the beginning)`,
  );
});
