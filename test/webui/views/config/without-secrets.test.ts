import { expect, test } from 'vitest';
import { maskText, restoreText } from '../../../../daemon/worker/config/secret-text.js';
import { withoutSecrets } from '../../../../webui/src/views/config/file/without-secrets.js';

const TEXT = `{
  // "botToken": "in-a-comment", "note": "stays", "token": "[redacted \u20264321]"
  "mcp": { "servers": { "env": { "command": "npx", "env": { "AWS_SECRET_ACCESS_KEY": "in-the-environment", "PIN": "\${PIN}" } } } },
  "telemetry": { "traces": { "headers": { "X-Auth": "in-a-header-7890", "X-Old": {"$secret": true, "hint": "\u20260000"} } } },
  "store": { "dsn": "postgres://me:in-an-address@db/x" },
  "gateway": { "port": 1 }
}
`;

test('what is typed into the file and not saved is kept without its secrets, which are masks', () => {
  const kept = withoutSecrets(TEXT);
  expect(kept).not.toMatch(/in-(?:a|an|the)-/);
  for (const whole of ['"note": "stays"', '"[redacted \u20264321]"', '"command": "npx"', '"${PIN}"', '"gateway": { "port": 1 }'])
    expect(kept).toContain(whole);
  expect(kept).toContain('"X-Auth": { "$secret": true, "hint": "typed" }, "X-Old": { "$secret": true, "hint": "\u20260000" }');
  expect(kept.split('\n')).toHaveLength(TEXT.split('\n').length);
  expect(withoutSecrets(kept)).toBe(kept);
});

test('nor while the text is still typed', () => {
  expect(withoutSecrets(TEXT.replace('"gateway":', '"gateway'))).not.toMatch(/in-(?:a|an|the)-/);
  expect(withoutSecrets('{ "gateway": { "auth": { "api_key": "half-typed')).not.toContain('half-typed');
  expect(withoutSecrets('{ "mcp": { "servers": { "x": { "env": { "A": "half-typed')).not.toContain('half-typed');
});

test('no stored secret takes the place of one that was typed', () => {
  const stored = `{
  // "token": "short"
  "gateway": { "auth": { "password": "old" } },
  "channels": { "telegram": { "botToken": "same-before-7890", "apiKey": "kept" } }
}`;
  const edited = maskText(stored)
    .replace('"token": "[redacted', '"token": "[redacted \u2026]", "apiKey": "new-long-one", "secret": "[redacted')
    .replace('"password": { "$secret": true, "hint": "\u2026" }', '"password": "newpw"')
    .replace('"botToken": { "$secret": true, "hint": "\u20267890" }', '"botToken": "same-after-87890"');
  const { text, problems } = restoreText(withoutSecrets(edited), stored);
  expect(problems.map(({ line, key }) => [line, key])).toEqual([
    [2, undefined],
    [3, 'gateway.auth.password'],
    [4, 'channels.telegram.botToken'],
  ]);
  expect(text).toContain('"token": "short", "apiKey": "[redacted \u2026 0]", "secret": "short"');
  expect(text).toContain('"apiKey": "kept"');
});
