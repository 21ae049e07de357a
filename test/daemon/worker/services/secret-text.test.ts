import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskText, restoreText } from '../../../../daemon/worker/services/secret-text.js';
import { parseJsonc } from '../../../../shared/config/jsonc.js';

const TEXT = `{
  // the door
  "gateway": { "auth": { "api_key": "0123456789abcdef-7890" /* ours */, "enabled": true, }, "port": 18791 },
  "channels": { "telegram": { "accounts": { "a": { "botToken": "\${BOT}" } } } }
}
`;

test('a text without its secrets keeps everything else, line by line, and comes back as it was', () => {
  const masked = maskText(TEXT);
  expect(masked).not.toContain('0123456789abcdef');
  expect(masked).toContain('"api_key": { "$secret": true, "hint": "…7890" } /* ours */, "enabled": true, }, "port": 18791');
  expect(masked).toContain('${BOT}');
  expect(masked.split('\n')).toHaveLength(TEXT.split('\n').length);
  expect(restoreText(masked, parseJsonc(TEXT).value)).toEqual({ text: TEXT, problems: [] });
});

test('a mask that was changed or moved is a problem at its place, never a stored value', () => {
  const current = parseJsonc(TEXT).value;
  for (const mask of ['{ "$secret": true }', '{ "$secret": false, "hint": "…7890", "x": 1 }', '{ "$secret": true, "hint": "…0000" }']) {
    const text = maskText(TEXT).replace('{ "$secret": true, "hint": "…7890" }', mask);
    const { problems, text: restored } = restoreText(text, current);
    if (mask.includes('…7890')) expect(restored).toBe(TEXT);
    else expect(problems).toMatchObject([{ line: 3, key: 'gateway.auth.api_key' }]);
  }
  const moved = restoreText('{"logs": {"level": { "$secret": true, "hint": "…7890" }}}', current);
  expect(moved.problems).toMatchObject([{ line: 1, column: 20, key: 'logs.level' }]);
});

test('whatever the secret is, it never stands in the masked text, and always comes back', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 8 }).filter((secret) => /^(?!\$\{).*[A-Za-z0-9]{6}/s.test(secret)),
      (secret) => {
        const text = `{ "gateway": { "auth": { "api_key": ${JSON.stringify(secret)} } } }`;
        const masked = maskText(text);
        expect(parseJsonc(masked).value).toMatchObject({ gateway: { auth: { api_key: { $secret: true } } } });
        expect(restoreText(masked, parseJsonc(text).value).text).toBe(text);
      },
    ),
  );
});
