import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findSecrets } from '../../../../shared/config/secrets.js';
import { createRedactor } from '../../../../shared/node/secrets/redact.js';

const TOKEN = 'Zk3-9_xQ7bL0pV5mN2cR8tY4wA1sD6fG3hJ0kE9uI5o';
const line = (fields: object): string =>
  `${JSON.stringify({ level: 'info', time: '2026-03-01T12:00:00.000Z', pid: 1, role: 'worker', ...fields })}\n`;

describe('known secrets', () => {
  const redactor = createRedactor([TOKEN, 'pass phrase/with "quotes" & ümlauts', 'a+b/c==d']);

  test.each([
    ['as it is', TOKEN],
    ['in a sentence', `the token ${TOKEN} was used`],
    ['in a URL', `http://localhost/#${TOKEN}`],
    ['beside other letters', `x${TOKEN}y`],
    ['in Base64', Buffer.from(TOKEN).toString('base64')],
    ['in Base64 behind one byte', Buffer.from(`:${TOKEN}`).toString('base64')],
    ['in Base64 behind two bytes', Buffer.from(`u:${TOKEN}`).toString('base64')],
    ['in Base64 within more text', Buffer.from(`user:${TOKEN}, and more`).toString('base64url')],
  ])('are taken out %s', (_where, msg) => {
    const redacted = redactor.redact(line({ msg }));
    expect(redacted).not.toContain(TOKEN);
    expect(redacted).toContain('[redacted]');
    expect(JSON.parse(redacted)).toMatchObject({ level: 'info', role: 'worker' });
    const rest = Buffer.from(msg, 'base64').toString('latin1').includes(TOKEN)
      ? Buffer.from(JSON.parse(redacted).msg as string, 'base64').toString('latin1')
      : '';
    expect(rest).not.toContain(TOKEN.slice(4, -4));
  });

  test.each([
    ['JSON in a message', line({ msg: JSON.stringify({ p: 'pass phrase/with "quotes" & ümlauts' }) })],
    ['JSON in JSON in a message', line({ msg: JSON.stringify(JSON.stringify({ p: 'pass phrase/with "quotes" & ümlauts' })) })],
    ['a URL', line({ msg: `?p=${encodeURIComponent('pass phrase/with "quotes" & ümlauts')}` })],
    ['a form', line({ msg: `p=${encodeURIComponent('pass phrase/with "quotes" & ümlauts').replaceAll('%20', '+')}` })],
    ['a URL in a URL', line({ msg: encodeURIComponent(encodeURIComponent('pass phrase/with "quotes" & ümlauts')) })],
    ['a URL with reserved characters', line({ msg: `k=${encodeURIComponent('a+b/c==d')}` })],
  ])('are taken out of %s', (_where, text) => {
    const redacted = redactor.redact(text);
    expect(redacted).not.toMatch(/phrase|quotes|mlauts|%2Bb|a\+b/);
    expect(() => JSON.parse(redacted) as unknown).not.toThrow();
  });

  test('one that is learned later is taken out from then on', () => {
    const late = createRedactor();
    expect(late.redact('learned-later-1')).toBe('learned-later-1');
    late.add(['learned-later-1']);
    expect(late.redact('learned-later-1')).toBe('[redacted]');
  });

  test('each line of a key that spans several lines is one', () => {
    const key = createRedactor(['-- KEY --\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7VJTU\n']);
    expect(key.redact('MIIEvQIBADANBgkqhkiG9w0BAQEF')).toBe('[redacted]');
  });

  test('one of digits leaves the line valid JSON, also where it stands as a number', () => {
    const pin = createRedactor(['12345678']);
    const redacted = pin.redact(line({ bytes: 12345678, list: [1, 12345678], msg: 'pin 12345678' }));
    expect(redacted).not.toContain('12345678');
    expect(JSON.parse(redacted)).toMatchObject({ pid: 1, bytes: '[redacted]', list: [1, '[redacted]'], msg: 'pin [redacted]' });
  });

  test('a longer one that contains a shorter one goes as a whole, and very short ones are ignored', () => {
    const both = createRedactor(['secret', 'secret-and-more', 'info', '']);
    expect(both.redact('info: secret-and-more, secret')).toBe('info: [redacted], [redacted]');
  });

  test('whatever the secrets and the fields are, no secret is left and the line stays valid', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 6, maxLength: 40 })
      .filter((text) => !/[\n\r]|redacted/.test(text) && text.trim() === text);
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.string({ maxLength: 30 }), (secrets, other) => {
        const all = createRedactor(secrets);
        const fields = line({ msg: `${other} ${secrets.join(' | ')}`, nested: { body: JSON.stringify({ values: secrets }) } });
        const redacted = JSON.parse(all.redact(fields)) as { msg: string; nested: { body: string } };
        for (const value of secrets) expect(redacted.msg + redacted.nested.body).not.toContain(value);
      }),
      { numRuns: 300 },
    );
  });
});

test('the secrets of a configuration are found wherever they are', () => {
  const found = findSecrets({
    gateway: { port: 18_790, auth: { enabled: true, api_key: 'gateway-key' }, allowedHosts: ['a.example'] },
    channels: {
      telegram: { accounts: { personal: { botToken: '123:telegram', apiRoot: 'http://localhost:1' }, other: { botToken: '${TOKEN}' } } },
      webhook: {
        accounts: { default: { url: 'https://hooks.example/T0001/B0002/abcdefghijkl', secret: 'whsec_x', short: 'https://h/x' } },
      },
    },
    providers: { openai: { apiKey: 'provider-key', headers: { 'X-Team': 'header-value' }, models: [{ id: 'm', maxTokens: 5 }] } },
  });
  expect(found).toEqual(['gateway-key', '123:telegram', 'T0001/B0002/abcdefghijkl', 'whsec_x', 'provider-key', 'header-value']);
});

describe('secrets by their shape', () => {
  const redactor = createRedactor();
  const VALUE = 'hunter2-Xy9-secret';

  test.each([
    ['header object', line({ headers: { authorization: `Bearer ${VALUE}`, 'x-api-key': VALUE, cookie: `sid=${VALUE}; a=1` } })],
    ['list of headers', line({ rawHeaders: ['Host', 'h', 'Authorization', `Bearer ${VALUE}`, 'X-Api-Key', VALUE] })],
    ['header text', line({ msg: `sent Authorization: Bearer ${VALUE}` })],
    ['Basic', line({ msg: `got Basic ${Buffer.from(`user:${VALUE}`).toString('base64')} there` })],
    ['JSON field', line({ api_key: VALUE, apiKey: VALUE, botToken: VALUE, client_secret: VALUE, password: VALUE })],
    ['JSON field in a body', line({ body: `{"api_key": "${VALUE}", "n": 1}` })],
    ['JSON field with escapes', line({ body: JSON.stringify({ password: `a"b\\${VALUE}\\` }) })],
    ['JSON field two levels down', line({ body: JSON.stringify({ body: JSON.stringify({ token: `x"${VALUE}` }) }) })],
    ['cut JSON field', line({ body: `{"token":"${VALUE}` })],
    ['inspected object', line({ msg: `{ token: '${VALUE}', n: 1 }` })],
    ['query', line({ url: `/x?token=${VALUE}&y=1` })],
    ['fragment', line({ url: `http://h/#access_token=${VALUE}` })],
    ['encoded query', line({ url: `/x?next=%2F%3Ftoken%3D${VALUE}` })],
    ['environment', line({ msg: `OPENAI_API_KEY=${VALUE} TELEGRAM_BOT_TOKEN="${VALUE}"` })],
    ['URL password', line({ msg: `postgres://user:${VALUE}@host/db` })],
  ])('%s', (_shape, text) => {
    const redacted = redactor.redact(text);
    expect(redacted).not.toMatch(/hunter2|Xy9/);
    expect(redacted).not.toContain(Buffer.from(`user:${VALUE}`).toString('base64').slice(8));
    expect(() => JSON.parse(redacted) as unknown).not.toThrow();
  });

  test.each([
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    'sk-proj-abcdefghijklmnopqrstuvwx',
    'sk-ant-api03-abcdefghijklmnop',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawx',
    'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
    'AKIAIOSFODNN7EXAMPLE',
    'AIzaSyA-1234567890abcdefghijklmnopqrstu',
    'xoxb-1234567890-abcdef',
  ])('%s wherever it stands', (secret) => {
    expect(redactor.redact(`before ${secret} after`)).toBe('before [redacted] after');
    expect(redactor.redact(`https://api.example.com/${secret}/x`)).not.toContain(secret.slice(-12));
  });

  test('a Telegram token in its URL', () => {
    const url = 'https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawx/getMe';
    expect(redactor.redact(url)).toBe('https://api.telegram.org/bot[redacted]/getMe');
  });

  test('a private key', () => {
    const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----';
    expect(redactor.redact(line({ msg: pem, next: 'stays' }))).not.toContain('MIIE');
    expect(JSON.parse(redactor.redact(line({ msg: pem, next: 'stays' })))).toMatchObject({ next: 'stays' });
  });

  test.each([
    line({ msg: 'Basic authentication failed; invalid token', status: 401 }),
    line({ msg: 'missing authorization', requestId: 'req_1' }),
    line({ msg: 'authorization', requestId: 'req_1' }),
    line({ inputTokens: 1, maxTokens: 4096, tokenHint: 'a…b', token: null, secret: { $secret: true } }),
    line({ msg: 'Unexpected token: } in JSON at position 5; expected password: string' }),
    line({ msg: 'run npm-run-all-something-else-entirely at 12:34:56, bearer of news' }),
  ])('ordinary text stays: %s', (text) => {
    expect(redactor.redact(text)).toBe(text);
  });
});

test('time is linear in the length of the line, whatever it holds', () => {
  const redactor = createRedactor([TOKEN, 'aaaaaaaab', '11111112']);
  const pieces = [
    'eyJ',
    'eyJaaaaaaaaaaa.',
    'token ',
    'token',
    '"token":"',
    'token\\\\\\":\\\\\\"',
    '\\',
    ' ',
    '://a:',
    'a:',
    '1',
    'Bearer ',
    'Basic a',
    'sk-',
    "token='",
    'authorization:',
    '-----BEGIN PRIVATE KEY-----',
    'a',
    'cookie: a\\',
    TOKEN.slice(0, -1),
    '%3D',
    '["cookie","',
    '://',
  ];
  const slow = pieces
    .flatMap((piece) => [piece, `token${piece}`])
    .filter((piece) => {
      const text = piece.repeat(400_000 / piece.length);
      const startedAt = performance.now();
      redactor.redact(text);
      redactor.redact(`token${text}`);
      // Milliseconds are usual; a quadratic pattern takes minutes.
      return performance.now() - startedAt > 4_000;
    });
  expect(slow).toEqual([]);
});
