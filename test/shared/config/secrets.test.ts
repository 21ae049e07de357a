import { expect, test } from 'vitest';
import { shownValue } from '../../../shared/config/describe-issue.js';
import { say } from '../../../shared/text/reasons.js';
import { findSecrets, isMaskAt, isMaskText, isSecretMask, maskOf, maskSecrets, maskToken } from '../../../shared/config/secrets.js';

const SECRET = 'value-1234567890';

test.each(['api_key', 'apiKey', 'x-api-key', 'botToken', 'secret', 'passwd', 'passphrase', 'private_key', 'credentials', 'Authorization'])(
  'the value of %s is masked, found for the log and left out of messages',
  (name) => {
    const document = { list: [{ [name]: SECRET }] };
    expect(JSON.stringify(maskSecrets(document))).not.toContain(SECRET);
    expect(findSecrets(document)).toEqual([SECRET]);
    expect(say(shownValue(SECRET, ['list', 0, name]))).not.toContain(SECRET);
    expect(say(shownValue(document, []))).not.toContain(SECRET);
  },
);

test('every header and every variable of a program is a secret, and so is a URL with credentials', () => {
  const document = {
    headers: { 'X-Team': SECRET, Authorization: 'Bearer of-mine', 'X-Later': 'Basic ${LATER}' },
    env: { HOME_KEY_FILE: SECRET },
    baseUrl: 'https://user:password@example.com/',
  };
  expect(findSecrets(document)).toEqual([SECRET, 'Bearer of-mine', 'of-mine', 'Basic ${LATER}', SECRET, document.baseUrl]);
  const masked = maskSecrets(document) as typeof document;
  expect(isSecretMask(masked.headers['X-Team']) && isSecretMask(masked.env['HOME_KEY_FILE']) && isSecretMask(masked.baseUrl)).toBe(true);
});

test('a name that a person chose does not make a value secret, nor keep it from being one', () => {
  const plain = {
    mcp: { servers: { env: { command: 'npx', args: ['-y', 'weather-mcp'] }, headers: { command: 'npx' } } },
    channels: { webhook: { accounts: { headers: { direction: 'out' } } } },
    providers: { env: { api: 'openai-completions' } },
    agents: { defaults: { permissions: { vault__read_secret: 'allow' } }, list: [{ permissions: { 'x__get-token': 'ask' } }] },
  };
  expect([maskSecrets(plain), findSecrets(plain)]).toEqual([plain, []]);
  const secret = {
    mcp: { servers: { env: { env: { A: SECRET } }, headers: { token: SECRET, headers: { B: SECRET } }, token: SECRET } },
    permissions: { token: SECRET },
    env: { servers: { headers: { C: SECRET } } },
  };
  expect(findSecrets(secret)).toEqual([SECRET, SECRET, SECRET, SECRET, SECRET, SECRET]);
});

test('of the URL of a database, the log hides the password, as it is written and as it is sent', () => {
  const document = { store: { url: 'postgres://xopc:s%2Fecret@db.example:5432/xopc' } };
  expect(findSecrets(document)).toEqual(['s%2Fecret', 's/ecret']);
  expect(JSON.stringify(maskSecrets(document))).not.toContain('ecret@');
  expect(findSecrets({ traces: { url: 'https://me:100%@c/' } })).toEqual(['100%']);
});

test('a variable reference, a switch and an ordinary value are not secrets', () => {
  const document = { token: '${TOKEN}', maxTokens: 5, auth: { secret: true }, name: 'main' };
  expect(maskSecrets(document)).toEqual(document);
  expect(findSecrets(document)).toEqual([]);
  expect([maskOf('${TOKEN}', ['token']), maskOf(null, ['token']), maskOf({}, ['token'])]).toEqual([undefined, undefined, undefined]);
});

test('a hint shows the end of a long secret only', () => {
  expect(maskOf('a-secret-that-ends-in-🛶abc', ['token'])?.hint).toBe('…abc');
  expect([maskOf(SECRET, ['token'])?.hint, maskOf('short', ['token'])?.hint]).toEqual(['…7890', '…']);
});

test.each([
  '****',
  '*',
  '…',
  '…7890',
  'sk-...abcd',
  'sk-proj-****abcd',
  '••••••••',
  '[redacted]',
  'Bearer ****',
  '12345678:****',
  maskToken(SECRET),
  maskToken('a'.repeat(43)),
])('%s is recognised as a mask', (text) => {
  expect([isMaskText(text), isMaskAt(text, ['token']), isMaskAt(text, ['headers', 'x']), isMaskAt(text, ['name'])]).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test.each([
  SECRET,
  'x',
  '${TOKEN}',
  'a.b.c',
  'sk-proj-abcdef',
  `${'a'.repeat(20)}...${'b'.repeat(20)}`,
  'Bearer abc',
  'https://user:pass@example.com/****',
  '',
])('%s is no mask', (text) => expect([isMaskText(text), isMaskAt(text, ['token'])]).toEqual([false, false]));

test('the password of a URL may be a mask', () => {
  expect(isMaskAt('https://user:****@example.com/', ['baseUrl'])).toBe(true);
  expect(isMaskAt('https://user:password@example.com/****', ['baseUrl'])).toBe(false);
});

test('an object with $secret is a mask wherever it is', () => {
  expect([isMaskAt({ $secret: true, hint: '…' }, ['name']), isMaskAt({}, ['token']), isMaskAt(null, ['token'])]).toEqual([
    true,
    false,
    false,
  ]);
});
