import { expect, test } from 'vitest';
import type { z } from 'zod';
import { channelListResponse, pairingApproveResponse, pairingRevokeResponse } from '../../../../shared/api/channels.js';
import { startHttpApp } from '../../../helpers/http-app.js';

const documents: readonly {
  method: string;
  path: string;
  body?: object;
  schema: () => z.ZodType;
  call: { name: string; input?: unknown };
}[] = [
  { method: 'GET', path: '/api/channels', schema: channelListResponse, call: { name: 'channels.list', input: undefined } },
  {
    method: 'POST',
    path: '/api/channels/telegram/approve',
    body: { code: 'ABCD2345' },
    schema: pairingApproveResponse,
    call: { name: 'channels.approve', input: { name: 'telegram', code: 'ABCD2345' } },
  },
  {
    method: 'POST',
    path: '/api/channels/telegram/revoke',
    body: { senderId: '42', accountId: 'default' },
    schema: pairingRevokeResponse,
    call: { name: 'channels.revoke', input: { name: 'telegram', senderId: '42', accountId: 'default' } },
  },
];

test.each(documents)('$method $path answers the documented shape', async ({ method, path, body, schema, call }) => {
  const { send, services } = await startHttpApp();
  const answer = await send(path, { method, body });
  expect(answer.status).toBe(200);
  expect(schema().safeParse(answer.json).error).toBeUndefined();
  expect(services.calls).toEqual([call]);
});

test.each([
  ['/api/channels/telegram/approve', undefined],
  ['/api/channels/telegram/approve', {}],
  ['/api/channels/telegram/approve', { code: '' }],
  ['/api/channels/telegram/approve', { code: 'x'.repeat(41) }],
  ['/api/channels/telegram/approve', { code: 'A', more: 1 }],
  ['/api/channels/telegram/revoke', { senderId: 42 }],
  ['/api/channels/a%00b/revoke', { senderId: '42' }],
])('POST %s with %j is refused', async (path, body) => {
  const { send, services } = await startHttpApp();
  expect(await send(path, { method: 'POST', ...(body === undefined ? {} : { body }) })).toMatchObject({
    status: 400,
    json: { error: { code: 'INVALID_REQUEST' } },
  });
  expect(services.calls).toEqual([]);
});

test('a file is given as it is, and one that is gone is 404', async () => {
  const { port, services } = await startHttpApp();
  const response = await fetch(`http://127.0.0.1:${port}/api/files/telegram/default/AgAC_1-x/notes.txt`);
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    200,
    'text/plain; charset=utf-8',
    'content',
  ]);
  expect(services.calls).toEqual([{ name: 'channels.openFile', input: { channel: 'telegram', accountId: 'default', fileId: 'AgAC_1-x' } }]);
  expect((await fetch(`http://127.0.0.1:${port}/api/files/telegram/default/gone_gone/a.txt`)).status).toBe(404);
});

test('a file that cannot be read to its end is cut off, which is no fault of the gateway', async () => {
  const { port, lines } = await startHttpApp();
  const response = await fetch(`http://127.0.0.1:${port}/api/files/telegram/default/half_half/notes.txt`);
  await expect(response.text()).rejects.toThrow();
  const failures = lines.flatMap(({ level, fields }) => ('err' in fields ? [[level, fields['err']]] : []));
  expect(failures).toMatchObject([['debug', { code: 'UNAVAILABLE', cause: { message: 'cut' } }]]);
});

test('a HEAD request for a file ends its transfer, because nobody reads it', async () => {
  const { port, services } = await startHttpApp();
  const { openFile } = services.channelAccounts;
  const ended = new Promise((resolve) => {
    services.channelAccounts.openFile = (file, signal) => {
      signal.addEventListener('abort', resolve);
      return openFile(file, signal);
    };
  });
  const response = await fetch(`http://127.0.0.1:${port}/api/files/telegram/default/AgAC_1-x/notes.txt`, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '7']);
  await ended;
});

test('a code that nobody was told is answered with 404', async () => {
  const { send } = await startHttpApp();
  const answer = await send('/api/channels/telegram/approve', { method: 'POST', body: { code: 'WRONG' } });
  expect(answer).toMatchObject({ status: 404, json: { error: { code: 'NOT_FOUND' } } });
});
