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

test.each(['127.0.0.1', '0.0.0.0'])('a listener on %s is heard', async (host) => {
  const port = await listen(host);
  expect(await isPortSilent(host, port)).toBe(false);
  expect(await isPortSilent('0.0.0.0', port)).toBe(false);
});

test('a port on which nothing listens is silent', async () => {
  const port = await freePort();
  expect(await isPortSilent('0.0.0.0', port)).toBe(true);
  expect(await isPortSilent('127.0.0.1', port)).toBe(true);
});

test('of a name nothing is said', async () => {
  expect(await isPortSilent('gateway.invalid', await freePort())).toBe(false);
});

test('any free port is silent', async () => {
  expect(await isPortSilent('0.0.0.0', 0)).toBe(true);
});
