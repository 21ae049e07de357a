import { expect, test } from 'vitest';
import { startHttpApp, TOKEN } from '../../../helpers/http-app.js';
import { openSocket, type SocketClient } from '../../../helpers/socket-client.js';

const CORS = { cors: { enabled: true, origins: ['https://app.example'] } };
const HOSTS = { allowedHosts: ['gateway.example'] };

async function connect(port: number, headers: Record<string, string>, hello: object = {}): Promise<SocketClient> {
  const client = await openSocket(port, { headers });
  client.send('hello', hello);
  await client.next('hello');
  return client;
}

test.each([
  { what: 'address', headers: {}, gateway: { ...CORS, ...HOSTS, allowedIps: ['203.0.113.9'] } },
  { what: 'origin', headers: { Origin: 'https://app.example' }, gateway: HOSTS },
  { what: 'host', headers: { Host: 'gateway.example' }, gateway: CORS },
])('a change of the configuration that refuses its $what ends an open connection with 4403', async ({ headers, gateway }) => {
  const { app, port, configure } = await startHttpApp({ gateway: { ...CORS, ...HOSTS } });
  const client = await connect(port, headers as Record<string, string>, { token: TOKEN });
  configure({ ...CORS, ...HOSTS });
  app.recheck();
  client.send('ping');
  await client.next('pong');
  configure(gateway);
  app.recheck();
  expect((await client.closed).code).toBe(4403);
});

test('a change of the configuration leaves the connections that it still allows', async () => {
  const { app, port, configure } = await startHttpApp({ gateway: { ...CORS, ...HOSTS } });
  const client = await connect(port, {});
  const other = await connect(port, { Origin: 'https://app.example' }, { token: TOKEN });
  configure({});
  app.recheck();
  await other.closed;
  client.send('ping');
  expect((await client.next('pong')).re).toBe('c2');
});

test('a replaced token in the header of the upgrade ends its connection, also where none is needed', async () => {
  let token = TOKEN;
  const { app, port } = await startHttpApp({ token: () => token });
  const client = await connect(port, { Authorization: `Bearer ${TOKEN}` });
  token = 'another';
  app.recheck();
  expect((await client.closed).code).toBe(4401);
});
