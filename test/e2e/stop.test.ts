/** Stopping: what is in flight finishes, what hangs is cut and said, and the second signal shortens. Through the real binary. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CLOSE_CODES } from '../../shared/socket.js';
import { startFakeOpenAi, type FakeOpenAi } from '../fakes/openai/server.js';
import { machineSlackMs, withSlack } from '../helpers/machine-slack.js';
import { isAlive, RealGateway, until } from '../helpers/real-gateway.js';
import { greetSocket } from '../helpers/socket-client.js';

interface Slow {
  readonly gateway: RealGateway & {
    readonly process: { readonly pid: number; readonly done: Promise<{ code: number | null; durationMs: number }> };
  };
  readonly provider: FakeOpenAi;
}

/** A gateway whose model says four words, one after each delay. */
async function startSlow(delayMs: number): Promise<Slow> {
  const provider = await startFakeOpenAi();
  onTestFinished(() => provider.close());
  provider.replyAlways({ type: 'text', parts: ['one ', 'two ', 'three ', 'four'], delayMs });
  const gateway = await RealGateway.start({ env: { OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: 'sk-test-0123456789' } });
  return { gateway, provider };
}

function ask(gateway: RealGateway, options: { session: string; stream?: boolean }): Promise<Response> {
  const accept: Record<string, string> = options.stream === true ? { Accept: 'text/event-stream' } : {};
  return fetch(`${gateway.url}/api/agent`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...accept },
    body: JSON.stringify({ message: 'go', model: 'openai/fake-model', session: options.session }),
  });
}

async function openSocket(port: number, firstBytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  socket.write(firstBytes);
  return socket;
}

describe('a stop', () => {
  test('with idle, half-sent and streaming clients is done in 6 s, and a running request finishes', { timeout: 60_000 }, async () => {
    const { gateway, provider } = await startSlow(900);
    const idle = await Promise.all(
      Array.from({ length: 200 }, () => openSocket(gateway.port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')),
    );
    const half = await Promise.all(Array.from({ length: 50 }, () => openSocket(gateway.port, 'POST /api/agent HTTP/1.1\r\nHost: loc')));
    const streams = Array.from({ length: 20 }, (_, index) => ask(gateway, { session: `s${index}`, stream: true }));
    const running = ask(gateway, { session: 'plain' });
    await provider.received(21);
    const closed = [...idle, ...half].map((socket) => once(socket, 'close'));
    const { outcome: stopped, slackMs } = await withSlack(() => gateway.xopc('gateway', 'stop'));
    expect(stopped.code, stopped.stderr).toBe(0);
    expect(stopped.durationMs).toBeLessThan(6_000 + slackMs);
    expect(await (await running).json()).toMatchObject({ reply: 'one two three four' });
    for (const stream of streams) expect(await (await stream).text()).toMatch(/event: (done|error)/);
    await Promise.all(closed);
    expect((await gateway.process.done).code).toBe(0);
  });

  test('with WebSockets that answer no close is done in its time, and the others are told why', async () => {
    const gateway = await RealGateway.start();
    const key = Buffer.alloc(16).toString('base64');
    const upgrade = `GET /ws HTTP/1.1\r\nHost: localhost:${gateway.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
    const deaf = await Promise.all(Array.from({ length: 10 }, () => openSocket(gateway.port, upgrade)));
    await Promise.all(deaf.map((socket) => once(socket, 'data')));
    const clients = await Promise.all(Array.from({ length: 40 }, () => greetSocket(gateway.port)));
    const ends = deaf.map((socket) => once(socket, 'close'));
    const { outcome: stopped, slackMs } = await withSlack(() => gateway.xopc('gateway', 'stop', '--timeout', '500'));
    expect(stopped.code, stopped.stderr).toBe(0);
    expect(stopped.durationMs).toBeLessThan(1_500 + slackMs);
    const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
    expect(new Set(codes)).toEqual(new Set([CLOSE_CODES.goingAway]));
    await Promise.all(ends);
  });

  test('with --timeout gives turns all of that time, then aborts, stores and answers them, and says so', { tags: ['long'] }, async () => {
    const { gateway, provider } = await startSlow(20_000);
    const running = ask(gateway, { session: 'long' });
    await provider.received(1);
    const { outcome: stopped, slackMs } = await withSlack(() => gateway.xopc('gateway', 'stop', '--timeout', '1500'));
    expect(stopped.code).toBe(0);
    expect(stopped.durationMs).toBeGreaterThan(1_500);
    expect(stopped.durationMs).toBeLessThan(1_800 + slackMs);
    expect(stopped.stdout + stopped.stderr).toContain('interrupted: 1 request');
    expect(await (await running).json()).toMatchObject({
      error: { code: 'UNAVAILABLE', message: expect.stringContaining('the turn was interrupted') },
    });
    await gateway.process.done;
    await gateway.run();
    expect((await gateway.xopc('sessions', 'show', 'main:api:default:direct:long')).stdout).toContain('one');
  });

  test('with --force is done at once', async () => {
    const { gateway, provider } = await startSlow(20_000);
    const running = ask(gateway, { session: 'long' }).catch(() => undefined);
    await provider.received(1);
    const { pid } = gateway.process;
    const { outcome: stopped, slackMs } = await withSlack(() => gateway.xopc('gateway', 'stop', '--force'));
    expect(stopped.code).toBe(0);
    expect(stopped.durationMs).toBeLessThan(400 + slackMs);
    expect(isAlive(pid)).toBe(false);
    await running;
  });

  test('of a stopped gateway is no error', async () => {
    const gateway = await RealGateway.create();
    const stopped = await gateway.xopc('gateway', 'stop');
    expect(stopped.code).toBe(0);
    expect(stopped.stdout + stopped.stderr).toMatch(/not running/);
    expect((await gateway.xopc('gateway', 'status')).code).toBe(3);
    expect((await gateway.xopc('gateway', 'restart')).code).toBe(3);
  });

  test('wins over a restart that is under way', async () => {
    const gateway = await RealGateway.start();
    const restarting = gateway.xopc('gateway', 'restart');
    const stopped = await gateway.xopc('gateway', 'stop');
    expect(stopped.code).toBe(0);
    await restarting;
    await gateway.process.done;
    expect((await gateway.xopc('gateway', 'status')).code).toBe(3);
  });
});

describe('SIGINT', () => {
  test('drains, and a second one cuts the drain short', async () => {
    const { gateway, provider } = await startSlow(20_000);
    const running = ask(gateway, { session: 'long' }).catch(() => undefined);
    await provider.received(1);
    process.kill(gateway.process.pid, 'SIGINT');
    await until('the drain', () => gateway.log().some((entry) => entry['msg'] === 'draining'));
    const secondAt = Date.now();
    process.kill(gateway.process.pid, 'SIGINT');
    expect((await gateway.process.done).code).toBe(0);
    expect(Date.now() - secondAt).toBeLessThan(1_000 + machineSlackMs());
    await running;
  });

  test('during the boot stops it', async () => {
    const gateway = await RealGateway.create();
    const running = gateway.spawn();
    await until('the lock', () => {
      try {
        return gateway.lock().pid === running.pid;
      } catch {
        return false;
      }
    });
    process.kill(running.pid, 'SIGTERM');
    expect((await running.done).code).toBe(0);
    expect(() => gateway.lock()).toThrow(/no lock/);
  });
});
