import { expect, test } from 'vitest';
import { validateConfig } from '../../../shared/config/validate.js';
import { formatProblem } from '../../../shared/errors.js';
import { parseConfigText } from '../../../shared/node/config/config-text.js';

const check = (document: object) => validateConfig(parseConfigText(JSON.stringify(document), 'config.json', () => undefined));

const TELEGRAM = { telegram: { accounts: { a: { botToken: 't', agentId: 'main' }, b: { botToken: 't', agentId: 'mian' } } } };

test('names of agents and servers that are not configured are warnings with their place', () => {
  const { value, warnings } = check({
    channels: { ...TELEGRAM, webhook: { accounts: { w: { url: 'http://x.example', agentId: 'gone' } } } },
    agents: { list: [{ id: 'main', mcpServers: ['${UNSET}', 'files', 'fiels'] }], defaults: { mcpServers: ['web'] } },
    mcp: { servers: { files: { command: 'x' } } },
  });
  expect(value).toBeDefined();
  expect(warnings.slice(1).map((problem) => formatProblem(problem).replace(/^config\.json:1:\d+ /, ''))).toEqual([
    "channels.telegram.accounts.b.agentId 'mian' is not in agents.list",
    "channels.webhook.accounts.w.agentId 'gone' is not in agents.list",
    "agents.defaults.mcpServers[0] 'web' is not in mcp.servers",
    "agents.list[0].mcpServers[2] 'fiels' is not in mcp.servers",
  ]);
});

test('without agents.list, the only agent is main', () => {
  expect(check({ channels: TELEGRAM }).warnings.map(({ key }) => key)).toEqual(['channels.telegram.accounts.b.agentId']);
});

test.each(['system', 'Europe/Berlin', 'UTC'])('%s is a time zone of schedules', (defaultTimezone) => {
  expect(check({ cron: { defaultTimezone } }).warnings).toEqual([]);
});

test.each(['Mars/Base', 'Europe/Berlin '])('%j is not a time zone', (defaultTimezone) => {
  const { value, warnings } = check({ cron: { defaultTimezone } });
  expect(value).toBeDefined();
  expect(warnings[0]).toMatchObject({ key: 'cron.defaultTimezone', message: expect.stringContaining('is not a time zone') as string });
});
