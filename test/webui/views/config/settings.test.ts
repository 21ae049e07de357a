import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { configJsonSchema } from '../../../../shared/config/validate.js';
import NAMES from '../../../../webui/src/i18n/en/setting-names.json';
import ENGLISH from '../../../../webui/src/i18n/en/settings.json';
import type { ConfigView } from '../../../../shared/api/gateway/config.js';
import { isRebound, sectionsOf, type Schema, valueOf } from '../../../../webui/src/views/config/form/schema-fields.js';

const DESCRIBED_KEYS = Object.keys(ENGLISH);
const SERVERS = { servers: { x: { command: 'a' } } };
const ACCOUNTS = { telegram: { accounts: { x: { botToken: 'a' } } }, webhook: { accounts: { x: { url: 'b' } } } };

function viewOf(config: Record<string, unknown>): ConfigView {
  const sessions = { retention: { webchat: {}, api: {}, cron: {}, channels: {} } };
  const telemetry = { traces: { headers: { Authorization: 'a' } } };
  const effective = { ...config, gateway: { auth: {}, cors: {} }, agents: { defaults: {} }, cron: {}, sessions, logs: {}, telemetry };
  return { revision: 'r', inForce: true, path: '/c', config, effective, sources: {}, pinned: {} };
}

test('every setting of the schema has a name and a description, and nothing else has a description', () => {
  const schema = configJsonSchema() as Schema;
  const sections = [viewOf({ channels: ACCOUNTS, mcp: SERVERS }), viewOf({})].flatMap((view) => sectionsOf(schema, view));
  const keys = sections.flatMap(({ fields }) => fields.map(({ key }) => key.replace(/(accounts|servers)\.x\b/, '$1.*')));
  const shown = new Set(keys);
  const parents = ['channels.telegram.accounts', 'channels.webhook.accounts', 'channels.telegram', 'channels.webhook'];
  expect(DESCRIBED_KEYS.filter((key) => !shown.has(key) && !parents.includes(key))).toEqual([]);
  expect([...shown].filter((key) => !DESCRIBED_KEYS.includes(key))).toEqual([]);
  expect([...shown].filter((key) => !Object.hasOwn(NAMES, key))).toEqual([]);
});

test('which keys move the gateway is what the manual says', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8');
  const rows = [...manual.matchAll(/^\| `([^`]+)` \|.*\| (.*) \|$/gm)];
  const rebound = rows.filter(([, , effect]) => effect === 'rebind').map(([, key]) => key);
  expect(rebound).toContain('gateway.port');
  expect(rows.map(([, key = '']) => key).filter(isRebound)).toEqual(rebound);
});

test('what the file has and the schema does not is shown first, at its place', () => {
  const config = {
    colour: 1,
    gateway: { prot: 2 },
    agents: { list: [{ id: 'x', odd: 3 }] },
    channels: { webhook: { accounts: { x: { ulr: 4 } } } },
  };
  const [unknown] = sectionsOf(configJsonSchema() as Schema, viewOf(config));
  expect(unknown?.name).toBe('');
  expect(unknown?.fields.map(({ key }) => key)).toEqual(['colour', 'gateway.prot', 'channels.webhook.accounts.x.ulr']);
});

test('who needs the token has three values: nobody, everybody, and not set', () => {
  const fields = sectionsOf(configJsonSchema() as Schema, viewOf({})).flatMap((section) => section.fields);
  const kinds = ['gateway.auth.enabled', 'gateway.cors.enabled'].map((key) => fields.find((field) => field.key === key)?.kind);
  expect(kinds).toEqual(['choice', 'switch']);
  expect(['true', 'false', ''].map((draft) => valueOf('choice', draft))).toEqual([true, false, null]);
});

test('a list that lines cannot show as it is stored is edited in the file', () => {
  const kindOf = (args: readonly unknown[]) => {
    const view = viewOf({ mcp: { servers: { x: { command: 'a', args } } } });
    const fields = sectionsOf(configJsonSchema() as Schema, view).flatMap((section) => section.fields);
    return fields.find(({ key }) => key === 'mcp.servers.x.args')?.kind;
  };
  expect([[], ['-y', 'a b']].map(kindOf)).toEqual(['list', 'list']);
  expect([{ $secret: true, hint: '…' }, 'a\nb', '', ' a'].map((item) => kindOf(['-y', item]))).toEqual(Array(4).fill('other'));
});
