import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, test } from 'vitest';
import { GatewayError } from '../../../../../shared/errors.js';
import { fakeLogService } from '../../../../helpers/fake-logs.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { startHttpApp, TOKEN, type TestApp, type TestOptions } from '../../../../helpers/http-app.js';

const page = { Host: '192.0.2.10:18790', Origin: 'http://192.0.2.10:18790' };
const remote: TestOptions = { peer: '198.51.100.7' };

/** Its log is silent after one event. */
const start = (options: TestOptions = {}): Promise<TestApp> => {
  const logs = fakeLogService([]);
  logs.follow = async function* (_query, signal) {
    yield { type: 'gap', reason: 'rotated' };
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  };
  return startHttpApp({ ...options, services: { logs } });
};

/** Opens a stream that does not end by itself. */
async function follow({ port }: TestApp, headers: Record<string, string>, path = '/api/logs/follow'): Promise<{ ended: Promise<unknown> }> {
  const outgoing = request({ host: '127.0.0.1', port, path, headers, agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  await once(response, 'data');
  response.resume();
  return { ended: once(response, 'close').catch(() => undefined) };
}

async function signIn({ send }: TestApp): Promise<string> {
  const answer = await send('/api/page-session', { method: 'POST', headers: { ...page, Authorization: `Bearer ${TOKEN}` } });
  return String(answer.headers['set-cookie']).split(';')[0] ?? '';
}

const openStreams = ({ app }: TestApp): number => app.vitals().inFlight;

test('the streams of a page end when it signs out, those of others go on', async () => {
  const app = await start(remote);
  const Cookie = await signIn(app);
  const log = await follow(app, { ...page, Cookie });
  const events = await follow(app, { ...page, Cookie }, '/api/events');
  await follow(app, { Host: page.Host, 'X-Api-Key': TOKEN });
  await app.send('/api/page-session', { method: 'DELETE', headers: { ...page, Cookie } });
  await Promise.all([log.ended, events.ended]);
  await expect.poll(() => openStreams(app)).toBe(1);
});

test('a stream ends with the token that it was opened with, also where none is needed but by its route', async () => {
  let token = TOKEN;
  const app = await start({ token: () => token });
  const log = await follow(app, { 'X-Api-Key': TOKEN });
  await follow(app, {}, '/api/events');
  token = 'another-token';
  app.app.recheck();
  await log.ended;
  await expect.poll(() => openStreams(app)).toBe(1);
});

test.each([{ auth: { enabled: true } }, { allowedIps: ['10.0.0.1'] }])('a stream ends when the rules become %j', async (gateway) => {
  const app = await start();
  const events = await follow(app, {}, '/api/events');
  app.configure(gateway);
  app.app.recheck();
  await events.ended;
  await expect.poll(() => openStreams(app)).toBe(0);
});

test('a session that another worker ended has no streams ten seconds later; while that cannot be asked they go on', async () => {
  const clock = new FakeClock();
  const app = await start({ ...remote, clock });
  const Cookie = await signIn(app);
  const events = await follow(app, { ...page, Cookie }, '/api/events');
  let asked = 0;
  app.services.pageSecrets.find = () => {
    asked += 1;
    return Promise.reject(new GatewayError('UNAVAILABLE', { message: 'away' }));
  };
  clock.advance(10_000);
  await expect.poll(() => asked).toBe(1);
  // After a round trip, a stream that was ended would be gone.
  await app.send('/health');
  expect(openStreams(app)).toBe(1);
  app.services.pageSecrets.find = async () => undefined;
  clock.advance(10_000);
  await events.ended;
});
