import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { isPortSilent } from '../../../client/ports/port-probe.js';
import { freePort } from '../../helpers/free-port.js';

async function listen(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

test.each(['127.0.0.1', '0.0.0.0'])('a listener on %s is detected', async (host) => {
  const port = await listen(host);
  expect(await isPortSilent(host, port)).toBe(false);
  expect(await isPortSilent('0.0.0.0', port)).toBe(false);
});

test('a port without a listener is reported as free', async () => {
  const port = await freePort();
  expect(await isPortSilent('0.0.0.0', port)).toBe(true);
  expect(await isPortSilent('127.0.0.1', port)).toBe(true);
});

test('a host name is not probed', async () => {
  expect(await isPortSilent('gateway.invalid', await freePort())).toBe(false);
});

test('every free port is reported as free', async () => {
  expect(await isPortSilent('0.0.0.0', 0)).toBe(true);
});
