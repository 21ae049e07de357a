import { expect, test } from 'vitest';
import { permissionOf } from '../../../../daemon/worker/approvals/policy.js';
import type { Permission } from '../../../../shared/config/tools/permissions.js';
import { configSchema } from '../../../../shared/config/schema.js';

type Permissions = Record<string, Permission>;

function permit(
  name: string,
  { defaults = {}, own, ...tool }: { defaults?: Permissions; own?: Permissions; isReadOnly?: boolean; isBuiltIn?: boolean } = {},
) {
  const config = configSchema.parse({
    agents: { list: [{ id: 'main', ...(own && { permissions: own }) }], defaults: { permissions: defaults } },
  });
  const [agent] = config.agents.list;
  return agent && permissionOf(config, agent, { name, isReadOnly: false, isBuiltIn: false, ...tool });
}

test('without an entry, built-in and reading tools are allowed, and others ask', () => {
  expect([permit('send', { isBuiltIn: true }), permit('files__read', { isReadOnly: true }), permit('files__write')]).toEqual([
    'allow',
    'allow',
    'ask',
  ]);
});

test('the exact name counts, then the longest pattern; those of the agent come before those of all', () => {
  const defaults: Permissions = {
    '*': 'deny',
    'files__*': 'ask',
    'files__read*': 'allow',
    files__read_all: 'deny',
    'send*': 'allow',
    send: 'ask',
  };
  const found = ['other', 'files__write', 'files__read_file', 'files__read_all', 'send', 'send_all'].map((name) =>
    permit(name, { defaults, isBuiltIn: true }),
  );
  expect(found).toEqual(['deny', 'ask', 'allow', 'deny', 'ask', 'allow']);
  expect(permit('files__read_all', { defaults, own: { 'files*': 'allow' } })).toBe('allow');
  expect(permit('send', { defaults, own: { 'files*': 'allow' } })).toBe('ask');
  expect(['constructor', '__proto__', 'toString'].map((name) => permit(name))).toEqual(['ask', 'ask', 'ask']);
});

test('patterns are names with a star at the end at most, and ten thousand are read as fast as they are many', () => {
  const parse = (pattern: string): boolean =>
    configSchema.safeParse({ agents: { defaults: { permissions: { [pattern]: 'ask' } } } }).success;
  expect(['*', 'a*', 'a', '', 'a*b', '**', 'a b', `${'x'.repeat(65)}`].map(parse)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(configSchema.safeParse({ agents: { defaults: { permissions: { a: 'maybe' } } } }).success).toBe(false);
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`server__tool-${index}*`, 'deny' as const]));
  expect(permit('server__tool-9999x', { defaults: many })).toBe('deny');
});
