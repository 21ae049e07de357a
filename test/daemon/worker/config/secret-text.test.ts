import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskText, restoreText } from '../../../../daemon/worker/config/secret-text.js';
import { parseJsonc } from '../../../../shared/config/jsonc.js';
import { cpuMs } from '../../../helpers/cpu-time.js';

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
  expect(restoreText(masked, TEXT)).toEqual({ text: TEXT, problems: [] });
});

test('a mask that was changed or moved is a problem at its place, never a stored value', () => {
  const current = TEXT;
  for (const mask of ['{ "$secret": true }', '{ "$secret": false, "hint": "…7890", "x": 1 }', '{ "$secret": true, "hint": "…0000" }']) {
    const text = maskText(TEXT).replace('{ "$secret": true, "hint": "…7890" }', mask);
    const { problems, text: restored } = restoreText(text, current);
    if (mask.includes('…7890')) expect(restored).toBe(TEXT);
    else expect(problems).toMatchObject([{ line: 3, key: 'gateway.auth.api_key' }]);
  }
  const moved = restoreText('{"logs": {"level": { "$secret": true, "hint": "…7890" }}}', current);
  expect(moved.problems).toMatchObject([{ line: 1, column: 20, key: 'logs.level' }]);
});

test('no secret is in the masked text, and every secret is restored', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 8 }).filter((secret) => /^(?!\$\{).*[A-Za-z0-9]{6}/s.test(secret)),
      (secret) => {
        const text = `{ "gateway": { "auth": { "api_key": ${JSON.stringify(secret)} } } }`;
        const masked = maskText(text);
        expect(parseJsonc(masked).value).toMatchObject({ gateway: { auth: { api_key: { $secret: true } } } });
        expect(restoreText(masked, text).text).toBe(text);
      },
    ),
  );
});

test('the secrets of a text that cannot be read are masked too, and come back once it is mended', () => {
  const broken = `{
  "gateway": { "auth": { "api_key": "0123456789abcdef-7890" } }
  "channels": { "telegram": { "accounts": { "a": { "botToken": "1234567:abcdefghijk-4321", "dmPolicy: "open" } } } },
  'secret': 'in-quotes-of-another-kind'
}
`;
  const masked = maskText(broken, ['in-quotes-of-another-kind', 'short']);
  expect(masked).not.toMatch(/0123456789|1234567|in-quotes/);
  expect(masked.split('\n')).toHaveLength(broken.split('\n').length);
  const mended = masked
    .replace('} }\n', '} },\n')
    .replace('"dmPolicy:', '"dmPolicy":')
    .replace(/,\n.*'secret'.*/, '');
  const { text, problems } = restoreText(mended, broken);
  expect(problems).toEqual([]);
  expect(parseJsonc(text).value).toEqual({
    gateway: { auth: { api_key: '0123456789abcdef-7890' } },
    channels: { telegram: { accounts: { a: { botToken: '1234567:abcdefghijk-4321', dmPolicy: 'open' } } } },
  });
});

test('two loose secrets with the same hint are not confused', () => {
  const broken = '{ "a": { "secret": "one" , ] "b": { "secret": "two" } }';
  const masked = maskText(broken);
  expect(masked).not.toMatch(/one|two/);
  const { problems } = restoreText('{ "x": { "secret": { "$secret": true, "hint": "…" } } }', broken);
  expect(problems).toHaveLength(1);
});

test('a known secret with escaped characters is masked in a text that cannot be read', () => {
  const secret = 'with-"quotes"-and-\\';
  expect(maskText(`"{ "headers": { "X-A": ${JSON.stringify(secret)} } }`, [secret])).not.toContain('quotes');
});

test('the hint of a mask begins with a whole character, so that the text can be stored again', () => {
  const text = JSON.stringify({ apiKey: `a-secret-that-ends-with-\u{10000}\u{10000} ` });
  const masked = maskText(text);
  expect(masked.isWellFormed()).toBe(true);
  expect(restoreText(masked, text)).toEqual({ text, problems: [] });
});

const COMMENTED = `{
  // "botToken": "in-a-comment", and \${BOT} or "token": "\${BOT}" are names; "note": "plain" stays
  "gateway": { "auth": { "api_key": "0123456789abcdef-7890" /* was "api_key": "fedcba9876543210-4321" */ } },
  /* "headers": {
       "X-Door": "0p3n" }, "password": 123456, "url": "https://hooks.example/services/T000/B000" */
  // curl -H 'Authorization: Bearer abcdef-012345' postgres://me:pass-w0rd@db/ sk-abcdefghijklmnopqrstuvwx [redacted \u2026]
  // the key in force is 0123456789abcdef-7890
  //   "headers": {
  //     "X-Lines": "lines-of-comments" }
  // "env": { "PIN": "in-the-environment" }
  "mcp": { "servers": { "headers": { "command": "npx", "env": { "PIN": "of-a-program" } } } },
  "logs": { "level": "info" } // token: short-1 token: short-1 token: short-2
}
`;

test('secrets in comments are masked by key, by shape and by value, and come back wherever their mask is put', () => {
  const known = ['0123456789abcdef-7890'];
  const masked = maskText(COMMENTED, known);
  expect(masked).not.toMatch(/in-a-comment|fedcba|0p3n|123456|T000|abcdef|pass-w0rd|lines-of|in-the-env|of-a-program|short-/);
  for (const kept of [
    '${BOT} or "token": "${BOT}"',
    '"note": "plain"',
    '"command": "npx"',
    '[redacted \u20264321]" */',
    "curl -H 'Authorization: [redacted",
  ])
    expect(masked).toContain(kept);
  expect(masked.split('\n')).toHaveLength(COMMENTED.split('\n').length);
  expect(restoreText(masked, COMMENTED, known)).toEqual({ text: COMMENTED, problems: [] });
  const moved = masked.replace('"logs": {', '"token": "[redacted \u20264321]", "logs": {');
  expect(restoreText(moved, COMMENTED, known).text).toContain('"token": "fedcba9876543210-4321", "logs"');
  const invented = restoreText('{\n  // [redacted \u20260000]\n}', COMMENTED, known);
  expect(invented.problems).toMatchObject([{ line: 2, column: 6, message: expect.stringContaining('is a mask') as string }]);
});

test('the time for twenty thousand masks that stand for nothing grows with their number, not with its square', () => {
  const text = `{\n${'// [redacted \u2026abcd]\n'.repeat(20_000)}}`;
  expect(cpuMs(() => restoreText(text, '{}'))).toBeLessThan(5_000);
});
