import { once } from 'node:events';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Predecessor } from '../../../../daemon/supervisor/succession/gateway-resources.js';
import { bindListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { RENEW_MS } from '../../../../daemon/supervisor/lock/gateway-lock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { readLock } from '../../../../shared/node/files/lock-record.js';
import { readIdentity } from '../../../../shared/node/process/process-identity.js';
import { connectOutcome } from '../../../helpers/connect-outcome.js';
import { eventually } from '../../../helpers/eventually.js';
import { ADDRESS, type Held, holding, whoAnswers } from '../../../helpers/held-resources.js';
import { gatewayHome } from '../../../helpers/gateway-home.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { freePort } from '../../../helpers/free-port.js';

describe('taken together', () => {
  test('lock, listening socket and control socket are there, with the true port, and go together', async () => {
    const held = holding('gw_1');
    const { resources, home } = held;
    await held.acquire();
    expect(readLock(home.paths.lockPath)).toMatchObject({ instanceId: 'gw_1', port: resources.socket.port });
    expect(resources.openSocket).toBe(resources.socket);
    expect(await whoAnswers(held)).toBe('gw_1');
    resources.release();
    expect([home.paths.lockPath, home.paths.controlPath].filter((path) => existsSync(path))).toEqual([]);
  });

  test('nothing is open before', () => {
    const { resources } = holding('gw_1');
    expect(() => resources.socket).toThrow('not open yet');
    expect(resources.openSocket).toBeUndefined();
  });

  test('a configuration that another gateway runs with under another path gives the locks back', async () => {
    const { acquire, resources, home } = holding('gw_1');
    home.writeConfig({});
    const configPath = `${home.paths.home}/./config.json`;
    const other = deadRecord({ ...readIdentity(), createdAt: '2020-01-01T00:00:00.000Z', instanceId: 'gw_0', configPath });
    writeFileSync(`${home.paths.lockDir}/gateway.0123456789abcdef.lock`, JSON.stringify(other));
    await expect(acquire()).rejects.toMatchObject({ code: 'LOCK_HELD' });
    resources.release();
    expect([home.paths.lockPath, home.paths.dataLockPath].map((path) => existsSync(path))).toEqual([false, false]);
  });
});

describe('the lock while it is held', () => {
  test('is renewed for machines that share the home', async () => {
    const { acquire, resources, home, clock } = holding('gw_1');
    await acquire();
    clock.advance(2 * RENEW_MS);
    expect(Math.abs(statSync(home.paths.lockPath).mtimeMs - clock.now())).toBeLessThan(2);
    resources.release();
    clock.advance(10 * RENEW_MS);
  });

  test('that cannot be written, as on a full disk, ends nothing: it is said, and tried again', async () => {
    const { acquire, resources, home, clock, messages } = holding('gw_1');
    await acquire();
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
    await held.acquire();
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
  function linkTo({ resources }: Held): Predecessor {
    const { handle, port } = resources.socket;
    const link = { isGone: false, takeOver: () => Promise.resolve({ handle, host: '127.0.0.1', port }), retire: () => Promise.resolve() };
    return { link, host: '127.0.0.1', port };
  }

  /** A predecessor that does not hand over, because it is gone or for another reason. */
  function brokenLink(isGone: boolean, port: number): Predecessor {
    const takeOver = (): Promise<never> => Promise.reject(new GatewayError('SUCCESSION_FAILED', { message: 'no answer' }));
    return { link: { isGone, takeOver, retire: () => Promise.resolve() }, host: '127.0.0.1', port };
  }

  async function predecessor(): Promise<Held> {
    const held = holding('gw_old');
    await held.acquire();
    return held;
  }

  test('everything changes hands, and the old one’s end takes nothing away', async () => {
    const old = await predecessor();
    const next = holding('gw_new', { home: old.home, predecessor: linkTo(old) });
    await next.acquire({ ...ADDRESS, port: old.resources.socket.port });
    expect(next.resources.openSocket).toBeUndefined();
    old.resources.handOver();
    await next.resources.takeOver();
    expect(next.resources.socket).toMatchObject({ host: '127.0.0.1', port: old.resources.socket.port, origin: 'bound' });
    expect(await whoAnswers(next)).toBe('gw_new');
    old.resources.updateLock({ port: 1 });
    const { pid, startTime } = readIdentity();
    const expected = { instanceId: 'gw_new', port: next.resources.socket.port, predecessor: { pid, startTime } };
    expect(readLock(old.home.paths.lockPath)).toMatchObject(expected);
  });

  test('a successor that is to listen elsewhere binds before it takes anything', async () => {
    const old = await predecessor();
    const next = holding('gw_new', { home: old.home, predecessor: linkTo(old) });
    const other = await bindListenSocket('127.0.0.1', 0);
    const { port } = other;
    other.close();
    await next.acquire({ host: '127.0.0.1', port });
    expect(next.resources.openSocket).toBeUndefined();
    old.resources.handOver();
    await next.resources.takeOver();
    expect(next.resources.socket.port).toBe(port);
    expect(await connectOutcome(port)).toBe('ECONNREFUSED');
  });

  test('a successor whose port is taken leaves everything to its predecessor', async () => {
    const old = await predecessor();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const next = holding('gw_new', { home: old.home, predecessor: linkTo(old) });
    await expect(next.acquire({ host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    expect(await whoAnswers(old)).toBe('gw_old');
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
  });

  test.each([[0], ['same']] as const)(
    'a successor that may listen on any port, or on the same, takes the predecessor’s (%s)',
    async (wanted) => {
      const old = await predecessor();
      const next = holding('gw_new', { home: old.home, predecessor: linkTo(old) });
      await next.acquire({ host: '127.0.0.1', port: wanted === 'same' ? old.resources.socket.port : wanted });
      await next.resources.takeOver();
      expect(next.resources.socket.port).toBe(old.resources.socket.port);
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

  test('what could not be taken back is taken back at the next renewal', async () => {
    const old = await predecessor();
    const directory = dirname(old.home.paths.controlPath);
    old.resources.handOver();
    writeFileSync(old.home.paths.lockPath, JSON.stringify(deadRecord({ instanceId: 'gw_new' })));
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    await expect(old.resources.takeBack()).rejects.toMatchObject({ code: 'ENOTDIR' });
    rmSync(directory);
    old.clock.advance(RENEW_MS);
    await eventually(async () => expect(await whoAnswers(old)).toBe('gw_old'));
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
  });

  test('a start that came in between and leaves again, as the port is ours, does not keep it', async () => {
    const old = await predecessor();
    old.resources.handOver();
    writeFileSync(old.home.paths.lockPath, JSON.stringify(deadRecord({ ...readIdentity(), instanceId: 'gw_between' })));
    const back = old.resources.takeBack();
    await new Promise((resolve) => setTimeout(resolve, 50));
    rmSync(old.home.paths.lockPath);
    await back;
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
  });

  test('a predecessor that lives and hands nothing over leaves the successor with nothing', async () => {
    const old = await predecessor();
    const next = holding('gw_new', { home: old.home, predecessor: brokenLink(false, 1) });
    await expect(next.resources.takeOver()).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_old' });
    expect(await whoAnswers(old)).toBe('gw_old');
  });

  test('the place of a predecessor that was killed is taken as at any start, with what the successor has already', async () => {
    const home = gatewayHome();
    const port = await freePort();
    const next = holding('gw_new', { home, predecessor: brokenLink(true, port) });
    await next.acquire({ host: '127.0.0.1', port });
    writeFileSync(home.paths.lockPath, JSON.stringify(deadRecord({ instanceId: 'gw_old' })));
    const child = { role: 'worker', pid: 7, startTime: '8' } as const;
    next.resources.updateLock({ children: [child] });
    await next.resources.takeOver();
    expect(next.resources.socket.port).toBe(port);
    expect(readLock(home.paths.lockPath)).toMatchObject({ instanceId: 'gw_new', port, children: [child] });
    expect(await whoAnswers(next)).toBe('gw_new');
  });

  test('of a predecessor that was killed and another start one wins', async () => {
    const old = await predecessor();
    const next = holding('gw_new', { home: old.home, predecessor: brokenLink(true, 1) });
    await expect(next.resources.takeOver()).rejects.toMatchObject({ code: 'LOCK_HELD' });
    expect(next.resources.openSocket).toBeUndefined();
  });

  test('what the successor noted before it took over is in the lock', async () => {
    const old = await predecessor();
    const next = holding('gw_new', { home: old.home, predecessor: linkTo(old) });
    next.resources.updateLock({ children: [{ role: 'worker', pid: 7, startTime: '8' }] });
    old.resources.handOver();
    await next.resources.takeOver();
    expect(readLock(old.home.paths.lockPath)).toMatchObject({ instanceId: 'gw_new', children: [{ pid: 7 }] });
  });
});
