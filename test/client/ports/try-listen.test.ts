import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { tryListen } from '../../../client/ports/try-listen.js';

test('an address of this machine can be listened on, and is free again afterwards', async () => {
  for (const host of ['127.0.0.1', '0.0.0.0', 'localhost']) await expect(tryListen({ host, port: 0 })).resolves.toBeUndefined();
});

test.each([
  ['nowhere.invalid', 'does not resolve to an address'],
  ['192.0.2.1', 'is not an address of this machine'],
])('%s is refused: it %s', async (host, message) => {
  await expect(tryListen({ host, port: 0 })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(message) as string,
  });
});

test('a port on which another program listens is reported as taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await expect(tryListen({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
});
