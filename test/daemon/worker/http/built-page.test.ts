import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { sendRequest } from '../../../helpers/http-request.js';
import { DESCRIPTION, packPage } from '../../../helpers/packed-page.js';

test('the built page is served with its policy, never cached, compressed for who takes that', async () => {
  const { send, services } = await startHttpApp();
  const plain = await send('/');
  expect([plain.status, plain.text]).toEqual([200, '<!doctype html><title>built</title>']);
  expect(plain.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', vary: 'Accept-Encoding' });
  expect(plain.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  const packed = await send('/', { headers: { 'Accept-Encoding': 'br, gzip' } });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(Number(packed.headers['content-length'])).toBe(gzipSync('<!doctype html><title>built</title>').length);
  expect(services.calls).toEqual([]);
});

test('files with a hash in their name are kept forever, others for an hour, what is not there is 404', async () => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  const headers = { Host: '192.0.2.10' };
  const script = await send('/assets/main-AbCd_-12.js', { headers });
  expect([script.status, script.text, script.headers['cache-control']]).toEqual([200, 'void 0;', 'public, max-age=31536000, immutable']);
  expect((await send('/assets/icon.svg', { headers })).headers).toMatchObject({
    'cache-control': 'public, max-age=3600',
    'cross-origin-resource-policy': 'same-origin',
  });
  for (const path of ['/assets/none.js', '/assets/..%2findex.html', '/assets/%2e%2e', '/assets/']) {
    expect((await send(path, { headers })).status, path).toBe(404);
  }
});

test.each(['/docs', '/openapi.json'])(
  '%s is that of the build, as it was compressed for who takes that, also without a body',
  async (path) => {
    const { port } = await startHttpApp({ gateway: { cors: { enabled: true, origins: ['https://docs.example'] } } });
    const ask = (encoding: string, method = 'GET') =>
      sendRequest(port, path, { method, headers: { 'Accept-Encoding': encoding, Origin: 'https://docs.example', 'X-Api-Key': TOKEN } });
    const [plain, packed] = [await ask('identity'), await ask('br, gzip')];
    expect([plain.status, plain.text]).toEqual([200, path === '/docs' ? DESCRIPTION.forPeople : DESCRIPTION.forPrograms]);
    expect(plain.headers).toMatchObject({ 'cache-control': 'no-store', 'content-length': String(plain.text.length) });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(gzipSync(plain.text).length) });
    for (const { headers } of [plain, packed]) expect(headers).toMatchObject({ vary: 'Origin, Accept-Encoding' });
    const { date: _then, 'x-request-id': _one, ...headers } = packed.headers;
    expect(await ask('br, gzip', 'HEAD')).toMatchObject({ status: 200, text: '', headers });
  },
);

test('the description for programs needs the token from elsewhere, as the API does, and that for people does not', async () => {
  const { send } = await startHttpApp({ peer: '198.51.100.7' });
  const headers = { Host: '192.0.2.10' };
  expect([(await send('/openapi.json', { headers })).status, (await send('/docs', { headers })).status]).toEqual([401, 200]);
});

test('a build without a page serves the API only', async () => {
  const { send } = await startHttpApp({ page: packPage({ '/assets/x.js': ['text/javascript', 'x'] }) });
  expect((await send('/')).status).toBe(404);
  expect((await send('/api/models')).status).toBe(200);
});
