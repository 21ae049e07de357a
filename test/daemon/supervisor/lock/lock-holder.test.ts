import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { probeControl, refuseSharedHome, sweepChildren } from '../../../../daemon/supervisor/lock/lock-holder.js';
import type { LockedChild, LockRecord } from '../../../../shared/node/files/lock-record.js';
import { isAlive, readStartTime, readIdentity } from '../../../../shared/node/process/process-identity.js';
import { exitOf } from '../../../helpers/fixture-process.js';
import { gatewayHome, type GatewayHome } from '../../../helpers/gateway-home.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

describe('who answers on a control socket', () => {
  async function listening(answer: (socket: Socket, request: string) => void): Promise<string> {
    const path = join(tempDir(), 's');
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.on('data', (chunk) => answer(socket, chunk.toString('utf8')));
    });
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return path;
  }

  test('is told by the status that it sends, asked as every client asks', async () => {
    let asked: unknown;
    const path = await listening((socket, request) => {
      asked = JSON.parse(request);
      const result = { instanceId: 'gw_1', pid: 7, port: 8, host: '::', configPath: '/c', state: 'running' };
      const frame = `${JSON.stringify({ v: 1, id: 'probe', type: 'result', result })}\n`;
      socket.write(frame.slice(0, 20));
      setImmediate(() => socket.write(frame.slice(20)));
    });
    expect(await probeControl(path)).toEqual({ instanceId: 'gw_1', pid: 7, port: 8, host: '::', configPath: '/c' });
    expect(asked).toEqual({ v: 1, id: 'probe', type: 'status' });
  });

  test.each([
    ['something that is no JSON', 'HTTP/1.1 400 Bad Request\n'],
    ['an error', `${JSON.stringify({ v: 1, id: 'probe', type: 'error', error: { code: 'X', message: 'no' } })}\n`],
    ['a result without an instance', `${JSON.stringify({ v: 1, id: 'probe', type: 'result', result: { pid: 1 } })}\n`],
    ['a line that never ends', 'x'.repeat(100_000)],
    ['null', 'null\n'],
  ])('nobody does who sends %s', async (_what, text) => {
    const path = await listening((socket) => socket.write(text));
    expect(await probeControl(path)).toBeUndefined();
  });

  test('nobody does who closes the connection', async () => {
    expect(await probeControl(await listening((socket) => socket.destroy()))).toBeUndefined();
  });

  test('nobody does where nobody listens', async () => {
    expect(await probeControl(join(tempDir(), 'none'))).toBeUndefined();
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(await probeControl(file)).toBeUndefined();
  });

  test('nobody does who says nothing for a second', async () => {
    const startedAt = performance.now();
    expect(await probeControl(await listening(() => undefined))).toBeUndefined();
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });
});

describe('what a dead supervisor left', () => {
  const LIVES = 'process.on("SIGTERM", () => {}); process.stdout.write("up"); setInterval(() => {}, 1000)';

  async function start(source = LIVES): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['-e', source], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    if (child.stdout !== null) await once(child.stdout, 'data');
    return child;
  }

  const left = (child: ChildProcess, startTime = readStartTime(child.pid ?? -1) ?? null): LockedChild => ({
    role: 'worker',
    pid: child.pid ?? -1,
    startTime,
  });

  test('is ended, group and all, and is gone when it returns', async () => {
    const child = await start();
    const parent = await start(
      `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" }); process.stdout.write(String(c.pid)); setInterval(() => {}, 1000)`,
    );
    await sweepChildren(deadRecord({ children: [left(child), left(parent)] }));
    expect([child, parent].map(({ pid }) => isAlive(pid ?? -1))).toEqual([false, false]);
    expect(await exitOf(child)).toBe('SIGKILL');
    expect(await exitOf(parent)).toBe('SIGKILL');
  });

  test('is ended even when it is stopped', async () => {
    const child = await start();
    child.kill('SIGSTOP');
    await sweepChildren(deadRecord({ children: [left(child)] }));
    expect(isAlive(child.pid ?? -1)).toBe(false);
  });

  test('is left alone where nothing proves that the pid is still the same process', async () => {
    const child = await start();
    await sweepChildren(deadRecord({ children: [left(child, '1'), { ...left(child), startTime: null }] }));
    expect(isAlive(child.pid ?? -1)).toBe(true);
  });

  test('may have ended by itself', async () => {
    const child = await start('process.stdout.write("up")');
    const record = deadRecord({ children: [left(child, '1')] });
    await exitOf(child);
    await expect(sweepChildren(record)).resolves.toBeUndefined();
  });
});

describe('two configurations in one home', () => {
  const early = '2026-03-01T12:00:00.000Z';
  const late = '2026-03-01T12:00:00.001Z';
  const living = (changes: Partial<LockRecord>): LockRecord => deadRecord({ ...readIdentity(), ...changes });

  function homeWith(other: LockRecord | string, name = 'gateway.0123456789abcdef.lock'): GatewayHome {
    const home = gatewayHome();
    writeFileSync(join(home.paths.lockDir, name), typeof other === 'string' ? other : JSON.stringify(other));
    return home;
  }

  test.each([
    ['started before', { createdAt: early }, { createdAt: late }],
    ['of the same moment has the lower id', { createdAt: early, instanceId: 'gw_a' }, { createdAt: early, instanceId: 'gw_b' }],
  ])('the one refuses to start when the other lives and %s', (_what, other, own) => {
    const home = homeWith(living({ ...other, configPath: '/other.json' }));
    expect(() => refuseSharedHome(home.paths, living(own))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('/other.json') as string }) as Error,
    );
  });

  test.each([
    ['the other is younger and will give way itself', living({ createdAt: late }), undefined],
    ['the other is dead', deadRecord({ createdAt: early, startTime: '1' }), undefined],
    ['the other’s lock cannot be read', 'damaged', undefined],
    ['the file is no lock of a gateway', living({ createdAt: early }), 'config.0123456789abcdef.lock'],
  ])('it starts when %s', (_what, other, name) => {
    const home = homeWith(other, name);
    expect(() => refuseSharedHome(home.paths, living({ createdAt: early, instanceId: 'gw_z' }))).not.toThrow();
  });

  test('its own lock is no other one', () => {
    const home = gatewayHome();
    writeFileSync(home.paths.lockPath, JSON.stringify(living({ createdAt: early })));
    expect(() => refuseSharedHome(home.paths, living({ createdAt: late }))).not.toThrow();
  });
});
