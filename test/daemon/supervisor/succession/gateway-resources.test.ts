import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ControlServer } from '../../../../daemon/supervisor/control/control-server.js';
import { GatewayResources } from '../../../../daemon/supervisor/succession/gateway-resources.js';
import { bindListenSocket, type ListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { RENEW_MS } from '../../../../daemon/supervisor/lock/gateway-lock.js';
import type { PredecessorLink } from '../../../../daemon/supervisor/succession/predecessor-link.js';
import { GatewayError } from '../../../../shared/errors.js';
import { readLock } from '../../../../shared/node/files/lock-record.js';
import { selfIdentity } from '../../../../shared/node/process/process-identity.js';
import { connectOutcome } from '../../../helpers/connect-outcome.js';
import { ControlClient } from '../../../helpers/control-socket.js';
import { eventually } from '../../../helpers/eventually.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { type GatewayHome, gatewayHome } from '../../../helpers/gateway-home.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { freePort } from '../../../helpers/free-port.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';

const ADDRESS = { host: '127.0.0.1', port: 0 };
const NOTHING_PASSED = { listenFds: 0 };

interface Held {
  readonly home: GatewayHome;
  readonly resources: GatewayResources;
  readonly clock: FakeClock;
  readonly sockets: ListenSocket[];
  messages(): string[];
}

function holding(instanceId: string, home: GatewayHome = gatewayHome()): Held {
  const clock = new FakeClock(Date.now());
  const logger = recordingLogger();
  const sockets: ListenSocket[] = [];
  const control = new ControlServer({
    path: home.paths.controlPath,
    handler: () => Promise.resolve({ instanceId }),
    onError: () => undefined,
  });
  const resources = new GatewayResources({
    paths: home.paths,
    control,
    clock,
    log: logger.log,
    record: { instanceId, createdAt: '2026-03-01T12:00:00.000Z', version: '0.0.0' },
    onSocket: (socket) => sockets.push(socket),
  });
  onTestFinished(() => resources.release());
  return { home, resources, clock, sockets, messages: () => logger.messages() };
}

async function whoAnswers({ home }: Held): Promise<unknown> {
  const client = await ControlClient.connect(home.paths.controlPath);
  const { result } = await client.outcome({ id: 'r', type: 'status' });
  return (result as { instanceId: string }).instanceId;
}

describe('taken together', () => {
  test('lock, listening socket and control socket are there, with the true port, and go together', async () => {
    const held = holding('gw_1');
    const { resources, home, sockets } = held;
    await resources.take(ADDRESS, NOTHING_PASSED);
    expect(readLock(home.paths.lockPath)).toMatchObject({ instanceId: 'gw_1', port: resources.socket.port });
    expect(sockets).toEqual([resources.socket]);
    expect(await whoAnswers(held)).toBe('gw_1');
    resources.release();
    expect([home.paths.lockPath, home.paths.controlPath].filter((path) => existsSync(path))).toEqual([]);
  });

  test('nothing is open before', () => {
    const { resources } = holding('gw_1');
    expect(() => resources.socket).toThrow('not open yet');
    expect(resources.address).toBeUndefined();
  });

  test('a home in use under another configuration gives the lock back', async () => {
    const { resources, home } = holding('gw_1');
    const other = deadRecord({ ...selfIdentity(), createdAt: '2020-01-01T00:00:00.000Z', instanceId: 'gw_0' });
    writeFileSync(`${home.paths.lockDir}/gateway.0123456789abcdef.lock`, JSON.stringify(other));
    await expect(resources.take(ADDRESS, NOTHING_PASSED)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    resources.release();
    expect(existsSync(home.paths.lockPath)).toBe(false);
  });
});

describe('the lock while it is held', () => {
  test('is renewed for machines that share the home', async () => {
    const { resources, home, clock } = holding('gw_1');
    await resources.take(ADDRESS, NOTHING_PASSED);
    clock.advance(2 * RENEW_MS);
    expect(Math.abs(statSync(home.paths.lockPath).mtimeMs - clock.now())).toBeLessThan(2);
    resources.release();
    clock.advance(10 * RENEW_MS);
  });

  test('that cannot be written, as on a full disk, ends nothing: it is said, and tried again', async () => {
    const { resources, home, clock, messages } = holding('gw_1');
    await resources.take(ADDRESS, NOTHING_PASSED);
    rmSync(home.paths.lockDir, { recursive: true });
    resources.updateLock({ children: [{ role: 'worker', pid: 7, startTime: '8' }] });
    clock.advance(RENEW_MS);
    expect(messages()).toContain('failed to write the lock');
  });
});

describe('what somebody has removed while it is held', () => {
  test('comes back at the next renewal: directories, lock and control socket', async () => {
    const held = holding('gw_1');
    const { resources, home, clock } = held;
    await resources.take(ADDRESS, NOTHING_PASSED);
    for (const path of [home.paths.lockDir, dirname(home.paths.controlPath)]) rmSync(path, { recursive: true });
    clock.advance(RENEW_MS);
    await eventually(async () => expect(await whoAnswers(held)).toBe('gw_1'));
    expect(readLock(home.paths.lockPath)).toMatchObject({ instanceId: 'gw_1' });
    expect(statSync(dirname(home.paths.controlPath)).mode & 0o777).toBe(0o700);
    resources.release();
    expect(existsSync(home.paths.controlPath)).toBe(false);
  });
});

describe('between a predecessor and its successor', () => {
  /** A predecessor that hands over what it holds. */
  function linkTo({ resources }: Held): { link: PredecessorLink; host: string; port: number } {
    const { handle, port } = resources.socket;
    const link = { isGone: false, takeOver: () => Promise.resolve({ handle, host: '127.0.0.1', port }) };
    return { link: link as unknown as PredecessorLink, host: '127.0.0.1', port };
  }

  /** A predecessor that does not hand over, because it is gone or for another reason. */
  function brokenLink(isGone: boolean, port: number): { link: PredecessorLink; host: string; port: number } {
    const link = { isGone, takeOver: () => Promise.reject(new GatewayError('SUCCESSION_FAILED', { message: 'no answer' })) };
    return { link: link as unknown as PredecessorLink, host: '127.0.0.1', port };
  }

  async function predecessor(): Promise<Held> {
    const held = holding('gw_old');
    await held.resources.take(ADDRESS, NOTHING_PASSED);
    return held;
  }

  test('everything changes hands, and the old one’s end takes nothing away', async () => {
    const old = await predecessor();
    const next = holding('gw_new', old.home);
    await next.resources.prepare({ ...ADDRESS, port: old.resources.socket.port }, old.resources.socket);
    expect(next.resources.address).toBeUndefined();
    old.resources.handOver();
    await next.resources.takeOver(linkTo(old));
    expect(next.resources.socket).toMatchObject({ host: '127.0.0.1', port: old.resources.socket.port, origin: 'bound' });
    expect(await whoAnswers(next)).toBe('gw_new');
    old.resources.updateLock({ port: 1 });
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_new', port: next.resources.socket.port });
  });

  test('a successor that is to listen elsewhere binds before it takes anything', async () => {
    const old = await predecessor();
    const next = holding('gw_new', old.home);
    const other = await bindListenSocket('127.0.0.1', 0);
    const { port } = other;
    other.close();
    await next.resources.prepare({ host: '127.0.0.1', port }, old.resources.socket);
    expect(next.resources.socket.port).toBe(port);
    expect(next.sockets).toEqual([]);
    old.resources.handOver();
    await next.resources.takeOver(linkTo(old));
    expect(next.sockets).toEqual([next.resources.socket]);
    expect(await connectOutcome(port)).toBe('ECONNREFUSED');
  });

  test.each([[0], ['same']] as const)(
    'a successor that may listen on any port, or on the same, takes the predecessor’s (%s)',
    async (wanted) => {
      const old = await predecessor();
      const next = holding('gw_new', old.home);
      await next.resources.prepare(
        { host: '127.0.0.1', port: wanted === 'same' ? old.resources.socket.port : wanted },
        old.resources.socket,
      );
      expect(next.resources.address).toBeUndefined();
    },
  );

  test('what a successor left that died is taken back', async () => {
    const old = await predecessor();
    old.resources.handOver();
    const left = deadRecord({ instanceId: 'gw_new' });
    writeFileSync(old.home.paths.lockPath, JSON.stringify(left));
    await old.resources.takeBack();
    expect(await whoAnswers(old)).toBe('gw_old');
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
    old.resources.release();
    expect([old.home.paths.lockPath, old.home.paths.controlPath].filter((path) => existsSync(path))).toEqual([]);
  });

  test('a start that came in between and leaves again, as the port is ours, does not keep it', async () => {
    const old = await predecessor();
    old.resources.handOver();
    writeFileSync(old.home.paths.lockPath, JSON.stringify(deadRecord({ ...selfIdentity(), instanceId: 'gw_between' })));
    const back = old.resources.takeBack();
    await new Promise((resolve) => setTimeout(resolve, 50));
    rmSync(old.home.paths.lockPath);
    await back;
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
  });

  test('a predecessor that lives and hands nothing over leaves the successor with nothing', async () => {
    const old = await predecessor();
    const next = holding('gw_new', old.home);
    await expect(next.resources.takeOver(brokenLink(false, 1))).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
    expect(await whoAnswers(old)).toBe('gw_old');
  });

  test('the place of a predecessor that was killed is taken as at any start, with what the successor has already', async () => {
    const home = gatewayHome();
    const next = holding('gw_new', home);
    writeFileSync(home.paths.lockPath, JSON.stringify(deadRecord({ instanceId: 'gw_old' })));
    const child = { role: 'worker', pid: 7, startTime: '8' } as const;
    next.resources.updateLock({ children: [child] });
    const port = await freePort();
    await next.resources.takeOver(brokenLink(true, port));
    expect(next.resources.socket.port).toBe(port);
    expect(readLock(home.paths.lockPath)).toMatchObject({ instanceId: 'gw_new', port, children: [child] });
    expect(await whoAnswers(next)).toBe('gw_new');
  });

  test('of a predecessor that was killed and another start one wins', async () => {
    const old = await predecessor();
    const next = holding('gw_new', old.home);
    await expect(next.resources.takeOver(brokenLink(true, 1))).rejects.toMatchObject({ code: 'LOCK_HELD' });
    expect(next.resources.address).toBeUndefined();
  });

  test('what the successor noted before it took over is in the lock', async () => {
    const old = await predecessor();
    const next = holding('gw_new', old.home);
    next.resources.updateLock({ children: [{ role: 'worker', pid: 7, startTime: '8' }] });
    old.resources.handOver();
    await next.resources.takeOver(linkTo(old));
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_new', children: [{ pid: 7 }] });
  });
});
