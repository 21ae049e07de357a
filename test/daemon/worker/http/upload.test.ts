import { expect, test } from 'vitest';
import { startHttpApp } from '../../../helpers/http-app.js';

const PATH = '/api/sessions/import';
const FILE = '{"format":"xopc-session","version":1,"title":"T"}\n';

test.each([
  ['no body', {}, undefined, 400, 'INVALID_REQUEST'],
  ['another type', { 'Content-Type': 'text/csv' }, FILE, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['an encoding', { 'Content-Type': 'application/x-ndjson', 'Content-Encoding': 'gzip' }, FILE, 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['what is no UTF-8', { 'Content-Type': 'application/x-ndjson' }, Buffer.from([0x7b, 0xff, 0xfe]), 400, 'INVALID_REQUEST'],
  ['what announces too much', { 'Content-Type': 'application/x-ndjson' }, 'x'.repeat(2_000), 413, 'PAYLOAD_TOO_LARGE'],
] as const)('%s is refused', async (...[, headers, body, status, code]) => {
  const { send, services } = await startHttpApp({ gateway: { maxImportBytes: 1_024 } });
  const answer = await send(PATH, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
  expect(answer.status).toBe(status);
  expect(answer.json).toMatchObject({ error: { code } });
  expect(services.calls.filter(({ name }) => name === 'archive.import')).toEqual([]);
});

test('a file that is longer than other bodies may be is taken, in both its types', async () => {
  const { send, services } = await startHttpApp({ gateway: { maxBodyBytes: 1_024 } });
  for (const type of ['application/x-ndjson; charset=utf-8', 'application/json']) {
    const answer = await send(PATH, { method: 'POST', headers: { 'Content-Type': type }, body: 'é'.repeat(100_000) });
    expect(answer.status).toBe(200);
  }
  expect(services.calls.map(({ input }) => input)).toEqual([
    { length: 100_000, format: 'jsonl' },
    { length: 100_000, format: 'json' },
  ]);
});
