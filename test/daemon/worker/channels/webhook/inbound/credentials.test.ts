import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { checkCredentials, type CredentialsResult } from '../../../../../../daemon/worker/channels/webhook/inbound/credentials.js';
import { verifierOf } from '../../../../../../daemon/worker/channels/webhook/signature.js';
import { webhookConfig } from '../../../../../helpers/test-config.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const secretOf = (text: string): string => `whsec_${Buffer.from(text).toString('base64')}`;
const [NEW, OLD] = [secretOf('the new secret of 24 bytes'), secretOf('the old secret of 24 bytes')];

interface Call {
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
  readonly nowMs?: number;
}

function check(account: Record<string, unknown>, { headers, body = '{}', nowMs = NOW }: Call): CredentialsResult {
  const settings = webhookConfig({ url: 'http://127.0.0.1:9/', ...account }).channels.webhook?.accounts['default'];
  return checkCredentials(settings, { headers, rawBody: Buffer.from(body) }, { nowMs, verifier: verifierOf(settings) });
}

const hmac = (algorithm: string, secret: string, content: string | Buffer): Buffer =>
  createHmac(algorithm, secret).update(content).digest();
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

const tokens = { inboundToken: 'the-new-token-of-it', previousInboundToken: 'the-old-token-of-it' };

test.each([
  ['the token', 'Bearer the-new-token-of-it', 'valid'],
  ['the previous one', 'bearer the-old-token-of-it', 'valid'],
  ['the token as the password of a user', basic('alertmanager:the-new-token-of-it'), 'valid'],
  ['the token as the user', basic('the-new-token-of-it:'), 'none'],
  ['another password', basic('a:b'), 'wrong'],
  ['no password', basic('the-new-token-of-it'), 'none'],
  ['something else', 'Digest the-new-token-of-it', 'none'],
])('an account with two tokens is called with %s: %s is %s', (_title, authorization, expected) => {
  expect(check(tokens, { headers: { authorization } }).type).toBe(expected);
  expect(check({}, { headers: { authorization } }).type).not.toBe('valid');
});

test.each(['webhook', 'svix'])('the names %s-* carry a signature by either secret, whose id is signed', (name) => {
  const body = '{"text":"ü"}';
  const time = new Date();
  const headersOf = (secret: string, id = 'evt_1'): Record<string, string> => ({
    [`${name}-id`]: id,
    [`${name}-timestamp`]: String(Math.floor(time.getTime() / 1_000)),
    [`${name}-signature`]: new Webhook(secret).sign('evt_1', time, body),
  });
  const both = { secret: NEW, previousSecret: OLD };
  expect(check(both, { headers: headersOf(NEW), body })).toEqual({ type: 'valid', signedId: 'evt_1' });
  expect(check(both, { headers: headersOf(OLD), body })).toEqual({ type: 'valid', signedId: 'evt_1' });
  expect(check({ secret: NEW }, { headers: headersOf(OLD), body })).toEqual({ type: 'wrong' });
  expect(check(both, { headers: headersOf(NEW, 'evt_2'), body })).toEqual({ type: 'wrong' });
  expect(check(both, { headers: headersOf(NEW), body: `${body} ` })).toEqual({ type: 'wrong' });
  expect(check({ secret: 'whsec_!!!' }, { headers: headersOf(NEW), body })).toEqual({ type: 'wrong' });
});

/** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation */
const GITHUB = {
  body: 'Hello, World!',
  headers: { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
};
const github = {
  inboundSecret: "It's a Secret to Everybody",
  signature: { header: 'X-Hub-Signature-256', prefix: 'sha256=' },
};

test("GitHub's documented signature is valid for its bytes and secret alone", () => {
  expect(check(github, GITHUB).type).toBe('valid');
  expect(check({ ...github, inboundSecret: 'new', previousInboundSecret: github.inboundSecret }, GITHUB).type).toBe('valid');
  expect(check({ ...github, inboundSecret: 'new' }, GITHUB).type).toBe('wrong');
  expect(check({ signature: github.signature }, GITHUB).type).toBe('wrong');
  expect(check(github, { ...GITHUB, body: 'Hello, World' }).type).toBe('wrong');
  expect(check(github, { body: GITHUB.body, headers: {} }).type).toBe('none');
});

test('a header that is not such a signature is wrong', () => {
  const hash = GITHUB.headers['x-hub-signature-256'].slice('sha256='.length);
  for (const signature of [
    '',
    'sha256=',
    'sha256=00',
    `sha1=${hash}`,
    hash,
    `sha256=${hash}0`,
    'sha256=zz',
    `sha256=${hash} x`.replace('7', '8'),
    ','.repeat(9_000),
  ])
    expect(check(github, { ...GITHUB, headers: { 'x-hub-signature-256': signature } }).type, signature.slice(0, 80)).toBe('wrong');
});

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
const SLACK_BODY =
  'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
const slack = {
  inboundSecret: '8f742231b10e8888abcd99yyyzzz85a5',
  signature: {
    header: 'X-Slack-Signature',
    prefix: 'v0=',
    timestampHeader: 'X-Slack-Request-Timestamp',
    content: 'v0:{timestamp}:{body}',
  },
};

test("Slack's documented signature is valid within five minutes of its time", () => {
  const headers = {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  const at = (seconds: number): string => check(slack, { headers, body: SLACK_BODY, nowMs: (1_531_420_618 + seconds) * 1_000 }).type;
  expect([-301, -300, 0, 300, 301].map(at)).toEqual(['wrong', 'valid', 'valid', 'valid', 'wrong']);
  for (const timestamp of ['', '1531420619', 'NaN', '1e9', '-1531420618', '1531420618.0']) {
    const changed = { ...headers, 'x-slack-request-timestamp': timestamp };
    expect(check(slack, { headers: changed, body: SLACK_BODY, nowMs: 1_531_420_618_000 }).type, timestamp).toBe('wrong');
  }
});

const BYTES = Buffer.from([0xff, 0x00, 0x7b, 0x7d]);

test.each(['sha256', 'sha1', 'sha512'])('%s is checked in hex and base64, over bytes that are no text', (algorithm) => {
  for (const encoding of ['hex', 'base64'] as const) {
    const account = { inboundSecret: 's', signature: { header: 'X-Sign', algorithm, encoding } };
    const own = hmac(algorithm, 's', BYTES).toString(encoding);
    const other = hmac(algorithm, 't', BYTES).toString(encoding);
    expect(check(account, { headers: { 'x-sign': own }, body: BYTES }).type).toBe('valid');
    // While the sender changes its secret, it signs with both.
    expect(check(account, { headers: { 'x-sign': `${other}, ${own}` }, body: BYTES }).type).toBe('valid');
    expect(check(account, { headers: { 'x-sign': other }, body: BYTES }).type).toBe('wrong');
  }
});

test('without content, a time in milliseconds is signed in front of the body', () => {
  const account = { inboundSecret: 's', signature: { header: 'X-Sign', timestampHeader: 'X-Time', toleranceSeconds: 1 } };
  const headers = { 'x-time': String(NOW + 900), 'x-sign': hmac('sha256', 's', `${NOW + 900}.{}`).toString('hex') };
  expect(check(account, { headers }).type).toBe('valid');
  expect(check(account, { headers, nowMs: NOW - 101 }).type).toBe('wrong');
});
