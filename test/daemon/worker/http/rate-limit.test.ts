import { afterEach, expect, test, vi } from 'vitest';
import { createRefuseCredentials } from '../../../../daemon/worker/http/admission/credentials.js';
import type { GatewayError } from '../../../../shared/errors.js';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';

afterEach(() => vi.useRealTimers());

test('from the 20th wrong token in a minute on, wrong ones are answered 429, and the right one still works', async () => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  const ask = (token: string) => send('/api/sessions', { headers: { 'X-Api-Key': token } });
  const statuses: number[] = [];
  for (let attempt = 1; attempt <= 25; attempt += 1) statuses.push((await ask(`wrong-${attempt}`)).status);
  expect(statuses).toEqual([...Array<number>(19).fill(401), ...Array<number>(6).fill(429)]);
  const limited = await ask('wrong');
  expect(limited.json).toMatchObject({ error: { code: 'RATE_LIMITED', details: { retryAfterSeconds: expect.any(Number) as number } } });
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(50);
  expect((await ask(TOKEN)).status).toBe(200);
  expect((await send('/health')).status).toBe(200);
});

test('a client of a proxy that sets only X-Real-IP is counted, whatever address it invents for each attempt', async () => {
  const { send } = await startHttpApp({ peer: '10.0.0.9', gateway: { trustedProxies: ['10.0.0.9'] } });
  const statuses: number[] = [];
  for (let attempt = 1; attempt <= 25; attempt += 1) {
    const headers = { 'X-Api-Key': 'wrong', 'X-Forwarded-For': `198.51.100.${attempt}`, 'X-Real-IP': '203.0.113.5' };
    statuses.push((await send('/api/sessions', { headers })).status);
  }
  expect(statuses).toEqual([...Array<number>(19).fill(401), ...Array<number>(6).fill(429)]);
});

test('wrong tokens with the address of another client in a header that the proxy passes on do not count for that client', async () => {
  const { send } = await startHttpApp({ peer: '10.0.0.9', gateway: { trustedProxies: ['10.0.0.9'] } });
  const ask = async (from: Record<string, string>) => (await send('/api/sessions', { headers: { 'X-Api-Key': 'wrong', ...from } })).status;
  const invented = { 'X-Real-IP': '203.0.113.5', Forwarded: 'for=203.0.113.5' };
  for (let attempt = 1; attempt <= 20; attempt += 1) await ask({ 'X-Forwarded-For': '198.51.100.7', ...invented });
  expect(await ask({ 'X-Forwarded-For': '198.51.100.7' })).toBe(429);
  expect(await ask({ 'X-Forwarded-For': '203.0.113.5' })).toBe(401);
});

test('asking without a token is no guess and is never limited', async () => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  const answers = await Promise.all(Array.from({ length: 40 }, () => send('/api/sessions')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
});

test('wrong tokens count where they decide: at the log from this machine, and under a foreign Host', async () => {
  const { send } = await startHttpApp();
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    expect((await send('/api/logs', { headers: { 'X-Api-Key': 'wrong' } })).status).toBe(401);
    expect((await send('/api/models', { headers: { 'X-Api-Key': 'wrong', Host: 'evil.example' } })).status).toBe(attempt < 10 ? 401 : 429);
  }
  expect((await send('/api/logs', { headers: { 'X-Api-Key': 'wrong' } })).status).toBe(429);
  expect((await send('/api/models', { headers: { 'X-Api-Key': 'wrong' } })).status).toBe(200);
});

test('addresses are counted apart, those of one IPv6 network together, and a minute later all is forgotten', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  const refuse = createRefuseCredentials();
  const fail = async (address: string, times: number): Promise<unknown> => {
    let wait: unknown;
    for (let count = 0; count < times; count += 1)
      wait = await refuse({ address, counted: [{ header: '', address }] }, { message: 'm', hint: 'h', isWrong: true }).catch(
        (error: GatewayError) => error.details?.['retryAfterSeconds'],
      );
    return wait;
  };
  expect(await fail('192.0.2.1', 19)).toBeUndefined();
  expect(await fail('192.0.2.1', 1)).toBe(60);
  expect(await fail('192.0.2.2', 1)).toBeUndefined();
  expect(await fail('2001:db8:0:1::1', 10)).toBeUndefined();
  expect(await fail('2001:db8:0:1:ffff::2', 10)).toBe(60);
  expect(await fail('2001:db8:0:2::1', 1)).toBeUndefined();
  expect(await fail('::1', 19)).toBeUndefined();
  expect(await fail('::1', 1)).toBe(60);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await fail('192.0.2.1', 1)).toBeUndefined();
});
