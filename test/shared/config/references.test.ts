import { expect, test } from 'vitest';
import { createSigner } from '../../../daemon/worker/channels/webhook/signature.js';
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

const signing = (secret: string) => check({ channels: { webhook: { accounts: { w: { url: 'http://x.example', secret } } } } }).warnings;

test.each(['my secret', 'whsec_', 'whsec_MfKQ-r8_', '{MfKQ}'])(
  'with %j an account signs nothing: a warning that does not show it',
  (secret) => {
    expect(() => createSigner([secret])).toThrow();
    const [warning] = signing(secret);
    expect(warning).toMatchObject({ key: 'channels.webhook.accounts.w.secret', code: 'not-signing-secret' });
    expect(JSON.stringify(warning)).not.toMatch(/my secret|MfKQ/);
  },
);

test.each(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_MDE=', 'whsec_MA==', 'MDEyMzQ1Njc4OWFiY2RlZg=='])(
  '%s signs messages',
  (secret) => {
    expect(() => createSigner([secret])).not.toThrow();
    expect(signing(secret)).toEqual([]);
  },
);
