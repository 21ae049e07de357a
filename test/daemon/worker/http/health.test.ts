import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp } from '../../../helpers/http-app.js';

test('health says who answers and how long it has been up, in whole seconds', async () => {
  const clock = new FakeClock();
  const { send } = await startHttpApp({ clock });
  const ask = async (path: string) => (await send(path)).json;
  const healthy = { status: 'healthy', uptime: 0, version: '1.2.3', buildId: 'b1', instanceId: 'wk_test' };
  expect([await ask('/health'), await ask('/health/live')]).toEqual([healthy, healthy]);
  clock.advance(61_999);
  expect([await ask('/health'), await ask('/health/live')]).toEqual([
    { ...healthy, uptime: 61 },
    { ...healthy, uptime: 61 },
  ]);
  clock.jump(-3_600_000);
  expect(await ask('/health')).toEqual({ ...healthy, uptime: 0 });
});

test('health answers the same with a query and to a page of an allowed origin, and is never logged', async () => {
  const gateway = { cors: { enabled: true, origins: ['https://app.example'] } };
  const { send, lines } = await startHttpApp({ gateway, clock: new FakeClock() });
  const plain = await send('/health');
  const withQuery = await send('/health?cache=no');
  const cross = await send('/health', { headers: { Origin: 'https://app.example' } });
  expect([withQuery.text, cross.text]).toEqual([plain.text, plain.text]);
  expect(cross.headers['access-control-allow-origin']).toBe('https://app.example');
  const { date: _date, 'x-request-id': _id, ...shared } = plain.headers;
  expect(withQuery.headers).toMatchObject(shared);
  expect((await send('/health', { headers: { Origin: 'https://evil.example' } })).status).toBe(403);
  expect(lines).toEqual([]);
});
