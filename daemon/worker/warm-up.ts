/**
 * Runs a worker for a moment in a temporary home. The build does so before it writes this bundle's code cache, which then contains
 * the functions compiled by a start and the first requests, so that a worker serves sooner.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/clock.js';
import { GatewayError } from '../../shared/errors.js';
import { WorkerLifecycle } from './lifecycle.js';

const HOST = '127.0.0.1';
const DRAIN_MS = 2_000;

const REQUESTS = [
  { method: 'GET', path: '/health' },
  { method: 'POST', path: '/api/agent', body: { message: 'hello' } },
  { method: 'POST', path: '/api/message', body: { channel: 'webchat', chat_id: 'warm-up', content: 'hello' } },
  { method: 'GET', path: '/api/sessions' },
  { method: 'GET', path: '/nowhere' },
] as const;

async function send(port: number, { method, path, body }: { method: string; path: string; body?: object }): Promise<void> {
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const outgoing = request({ host: HOST, port, path, method, agent: false, headers });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, 'end');
}

/** @throws any error of the worker; the build then writes a code cache without this run */
export async function warmUp(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'xopc-build-'));
  const listener = createServer().listen(0, HOST);
  try {
    for (const name of ['logs', 'state', 'credentials']) mkdirSync(join(home, name));
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const configPath = join(home, 'config.json');
    const lifecycle = new WorkerLifecycle({
      boot: {
        instanceId: 'wk_warm_up',
        supervisorPid: process.pid,
        home,
        configPath,
        configSource: configPath,
        modelsSource: join(home, 'models.json'),
        dataDir: home,
        liveInstanceIds: ['wk_warm_up'],
      },
      channel: {
        send: () => undefined,
        flush: () => Promise.resolve(),
        ask: () => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'there is no supervisor in a build' })),
      },
      clock: systemClock,
    });
    await lifecycle.start();
    await lifecycle.listen({ type: 'listen', host: HOST, port }, listener);
    await lifecycle.activate();
    for (const one of REQUESTS) await send(port, one);
    await lifecycle.drain({ type: 'drain', mode: 'restart', timeoutMs: DRAIN_MS });
  } finally {
    listener.close();
    rmSync(home, { recursive: true, force: true });
  }
}
