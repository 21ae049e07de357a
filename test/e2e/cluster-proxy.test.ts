/** Two gateways behind HAProxy with the configuration of docs/cluster.md. */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startCluster, timed } from '../helpers/cluster.js';
import { clusterProxy } from '../helpers/cluster-proxy.js';
import { whyMissing } from '../helpers/debian-programs.js';
import { freePort } from '../helpers/free-port.js';
import { whyNoPostgres } from '../helpers/postgres.js';
import { CLIENT_ADDRESS } from '../helpers/proxy-client.js';
import { startProxy } from '../helpers/proxy-programs.js';
import type { RealGateway } from '../helpers/real-gateway.js';
import { tempDir } from '../helpers/temp-dir.js';

const reason = process.platform === 'linux' ? (whyNoPostgres() ?? whyMissing(['haproxy'])) : 'the client needs a second loopback address';

test.skipIf(reason !== undefined)(
  'through HAProxy as the manual has it a browser stays signed in on each node, nothing fails while one restarts or stops, and an absent database is told',
  { timeout: 120_000 },
  async () => {
    const cluster = await startCluster();
    const token = 'token-of-every-node';
    const access = { trustedProxies: ['127.0.0.1'], allowedHosts: ['cluster.test'] };
    const add = (): Promise<RealGateway> => cluster.add([], access, { XOPC_GATEWAY_TOKEN: token, XOPC_LOG_LEVEL: 'debug' });
    const [one, two] = [await add(), await add()];
    const port = await freePort();
    const text = clusterProxy({ bind: `127.0.0.1:${port}`, nodes: [one, two].map((gateway) => `127.0.0.1:${gateway.port}`) });
    const proxy = await startProxy('haproxy', text, { port, directory: tempDir() });
    onTestFinished(() => proxy.stop());
    const origin = `http://127.0.0.1:${port}`;
    const bearer = { Authorization: `Bearer ${token}` };
    const ask = (path: string, headers: Record<string, string>, method = 'GET'): Promise<Response> =>
      fetch(origin + path, { method, headers, signal: AbortSignal.timeout(10_000) });

    // The cookie of the balancer says which node.
    const signedIn = await ask('/api/page-session', { ...bearer, Origin: origin }, 'POST');
    const cookies = signedIn.headers.getSetCookie().map((cookie) => cookie.split(';', 1)[0] ?? '');
    const session = cookies.find((cookie) => !cookie.startsWith('xopc_node=')) ?? '';
    expect([signedIn.status, cookies.filter((cookie) => /^xopc_node=node[01]$/.test(cookie)).length]).toEqual([200, 1]);
    for (const [node, gateway] of [one, two].entries()) {
      const requestId = `of-node-${node}`;
      const headers = {
        Cookie: `${session}; xopc_node=node${node}`,
        Origin: origin,
        'X-Forwarded-For': '203.0.113.7',
        'X-Request-Id': requestId,
      };
      const [answer] = (await once(get(`${origin}/api/sessions`, { headers, localAddress: CLIENT_ADDRESS }), 'response')) as [
        IncomingMessage,
      ];
      answer.resume();
      expect(answer.statusCode).toBe(200);
      const clients = (): unknown[] => gateway.log().flatMap((entry) => (entry['requestId'] === requestId ? [entry['client']] : []));
      await timed('the request in its log', () => clients().includes(CLIENT_ADDRESS));
    }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: bearer });
    await once(socket, 'open');
    socket.send(JSON.stringify({ v: 1, id: '1', type: 'hello' }));
    await once(socket, 'message');
    socket.terminate();

    let isOver = false;
    const restarts = (async () => {
      for (const gateway of [one, two]) expect((await gateway.xopc('gateway', 'restart')).code).toBe(0);
      expect((await one.xopc('gateway', 'stop')).code).toBe(0);
      isOver = true;
    })();
    const statuses = new Set<number>();
    while (!isOver) statuses.add((await ask('/api/sessions', bearer)).status);
    await restarts;
    expect([...statuses]).toEqual([200]);

    await cluster.postgres.stop('immediate');
    await timed('the reason', async () =>
      (await (await ask('/api/sessions', bearer)).text()).includes(`postgres://127.0.0.1:${cluster.postgres.port}/`),
    );
    await cluster.postgres.start();
    await timed('the database', async () => (await ask('/api/sessions', bearer)).status === 200);
  },
);
