import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fakeJob } from '../../../../helpers/fake-cron.js';
import { createFakeServices } from '../../../../helpers/fake-services.js';
import { startHttpApp } from '../../../../helpers/http-app.js';

test('an answer above 1 KB, JSON or another text, is compressed for clients that accept it, and otherwise the same', async () => {
  const jobs = Array.from({ length: 50 }, (_, index) => ({ ...fakeJob, id: `job_${index}`, message: '計画 äöü 🌍' }));
  const cron = { ...createFakeServices().cron, list: async () => jobs };
  const { port } = await startHttpApp({ services: { cron } });
  const ask = async (path: string, accepted: string) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers: { 'Accept-Encoding': accepted }, agent: false }).end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const body = await buffer(response);
    const { 'content-encoding': encoding, 'content-type': type, 'content-length': length, vary } = response.headers;
    const text = (encoding === 'gzip' ? gunzipSync(body) : body).toString();
    return { encoding, type, length, vary, body, text };
  };
  const plain = await ask('/api/cron', 'identity');
  expect([plain.encoding, plain.type]).toEqual([undefined, 'application/json; charset=utf-8']);
  for (const encoding of ['gzip', 'br;q=1.0, gzip;q=0.8', '*']) {
    const packed = await ask('/api/cron', encoding);
    expect(packed).toMatchObject({ encoding: 'gzip', type: plain.type, text: plain.text, length: String(packed.body.length) });
    expect(packed.vary).toContain('Accept-Encoding');
    expect(packed.body.length).toBeLessThan(plain.body.length / 10);
  }
  const docs = await ask('/docs', 'gzip');
  expect(docs).toMatchObject({ encoding: 'gzip', type: 'text/html; charset=utf-8', text: (await ask('/docs', 'identity')).text });
  for (const encoding of ['br', 'gzip;q=0', '']) expect((await ask('/api/cron', encoding)).encoding).toBeUndefined();
  const short = await ask('/api/channels', 'gzip');
  expect([short.encoding, short.body.length < 1_024]).toEqual([undefined, true]);
});
