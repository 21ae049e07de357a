import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { spawnProgram, type SpawnChild } from '../../../daemon/supervisor/workers/child-process.js';
import { Gateway } from '../../../daemon/supervisor/gateway.js';
import { systemClock } from '../../../shared/clock.js';
import type { StatusDocument } from '../../../shared/api/gateway/status.js';
import { readLock } from '../../../shared/node/files/lock-record.js';
import { isAlive } from '../../../shared/node/process/process-identity.js';
import { connectOutcome } from '../../helpers/connect-outcome.js';
import { ControlClient, type Frame } from '../../helpers/control-socket.js';
import { workerFixture } from '../../helpers/fixture-worker.js';
import { type GatewayHome, gatewayHome } from '../../helpers/gateway-home.js';
import { freePort } from '../../helpers/free-port.js';

const SUCCESSOR = join(import.meta.dirname, '..', '..', 'fixtures', 'successor.mjs');

interface RunningGateway {
  readonly home: GatewayHome;
  readonly port: number;
  /** The exit code. */
  readonly ended: Promise<number>;
  readonly pids: number[];
  readonly successors: number[];
  ask(request: object): Promise<Frame>;
  status(): Promise<StatusDocument>;
}

/** A gateway in this process whose workers are fixtures, and whose successor does what `successor` says. */
async function running(options: { successor?: string; home?: GatewayHome } = {}): Promise<RunningGateway> {
  const home = options.home ?? gatewayHome();
  const port = await freePort();
  const [pids, successors]: [number[], number[]] = [[], []];
  const spawn: SpawnChild = (spawnOptions, handlers) => {
    const isSuccessor = spawnOptions.role === 'supervisor';
    const child = spawnProgram(
      isSuccessor ? [SUCCESSOR, options.successor ?? 'waits'] : [workerFixture('healthy.mjs')],
      spawnOptions,
      handlers,
    );
    onTestFinished(() => child.kill());
    (isSuccessor ? successors : pids).push(child.pid);
    return child;
  };
  let onRunning: () => void = () => undefined;
  const isUp = new Promise<void>((resolve) => (onRunning = resolve));
  const gateway = new Gateway({
    environment: home.environment,
    flags: { host: '127.0.0.1', port },
    foreground: false,
    clock: systemClock,
    onRunning: () => onRunning(),
    spawn,
  });
  const ended = gateway.run();
  await Promise.race([isUp, ended]);
  const ask = async (request: object): Promise<Frame> =>
    (await ControlClient.connect(home.paths.controlPath)).outcome({ id: 'r1', ...request });
  onTestFinished(async () => {
    if (existsSync(home.paths.controlPath)) await ask({ type: 'stop', force: true }).catch(() => undefined);
    await ended.catch(() => undefined);
  });
  const status = async (): Promise<StatusDocument> => (await ask({ type: 'status' }))['result'] as StatusDocument;
  return { home, port, ended, pids, successors, ask, status };
}

const answer = async (port: number): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } })).text();

async function expectServing(gateway: RunningGateway): Promise<void> {
  const status = await gateway.status();
  expect(status).toMatchObject({ state: 'running', desired: 'up', ready: true, pid: process.pid, port: gateway.port });
  expect(await answer(gateway.port)).toBe(status.worker?.instanceId);
  expect(readLock(gateway.home.paths.lockPath)).toMatchObject({
    instanceId: status.instanceId,
    pid: process.pid,
    port: gateway.port,
    children: [{ role: 'worker', pid: status.worker?.pid }],
  });
}

async function expectNothingLeft({ home, port, pids, successors }: RunningGateway): Promise<void> {
  expect([existsSync(home.paths.lockPath), existsSync(home.paths.controlPath)]).toEqual([false, false]);
  expect(await connectOutcome(port)).toBe('ECONNREFUSED');
  expect([...pids, ...successors].filter((pid) => isAlive(pid))).toEqual([]);
}

describe('from start to stop', () => {
  test('it serves, restarts, answers on its control socket, and leaves nothing', async () => {
    const gateway = await running();
    await expectServing(gateway);
    expect(await gateway.ask({ type: 'restart' })).toMatchObject({
      type: 'result',
      result: { workerPid: gateway.pids[1], succession: 'none' },
    });
    await expect.poll(async () => (await gateway.status()).draining).toEqual([]);
    await expectServing(gateway);
    expect(await gateway.ask({ type: 'stop' })).toMatchObject({ type: 'result', result: { stopped: true } });
    expect(await gateway.ended).toBe(0);
    await expectNothingLeft(gateway);
  });

  test('a second start with the same configuration loses and takes nothing away', async () => {
    const first = await running();
    await expect(running({ home: first.home })).rejects.toMatchObject({ code: 'LOCK_HELD', details: { port: first.port } });
    await expectServing(first);
  });

  test('a start whose port is taken gives the lock back', async () => {
    const home = gatewayHome();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as { port: number };
    const gateway = new Gateway({
      environment: home.environment,
      flags: { host: '127.0.0.1', port },
      foreground: false,
      clock: systemClock,
    });
    await expect(gateway.run()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    expect(existsSync(home.paths.lockPath)).toBe(false);
  });
});

describe('a succession', () => {
  test.each([
    ['has been given the lock', 'dies-with-lock'],
    ['has retired our worker', 'dies-retiring'],
  ])('whose successor dies when it %s fails, and this gateway serves on', async (_what, successor) => {
    const gateway = await running({ successor });
    const before = await gateway.status();
    expect(await gateway.ask({ type: 'restart', force: true })).toMatchObject({ type: 'error', error: { code: 'SUCCESSION_FAILED' } });
    // While no worker accepts, connections wait.
    expect(await answer(gateway.port)).toMatch(/^wk_/);
    await expect.poll(async () => (await gateway.status()).ready).toBe(true);
    await expectServing(gateway);
    expect((await gateway.status()).instanceId).toBe(before.instanceId);
    await gateway.ask({ type: 'stop' });
    expect(await gateway.ended).toBe(0);
    await expectNothingLeft(gateway);
  });

  test('that succeeds ends this gateway once its worker has drained, and leaves the lock to the successor', async () => {
    const gateway = await running({ successor: 'succeeds' });
    expect(await gateway.ask({ type: 'restart', force: true })).toMatchObject({
      type: 'result',
      result: { instanceId: 'wk_successor', pid: gateway.successors[0], succession: 'successor' },
    });
    expect(await gateway.ended).toBe(0);
    expect(readLock(gateway.home.paths.lockPath)).toBeDefined();
  });

  test('is ended by a stop: nothing comes up afterwards', async () => {
    const gateway = await running({ successor: 'waits' });
    const restart = gateway.ask({ type: 'restart', force: true });
    await expect.poll(() => gateway.successors).toHaveLength(1);
    expect(await gateway.ask({ type: 'stop' })).toMatchObject({ type: 'result', result: { stopped: true } });
    expect(await restart).toMatchObject({ type: 'error', error: { code: 'STOPPING' } });
    expect(await gateway.ended).toBe(0);
    await expectNothingLeft(gateway);
  });
});
