import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LockWorld, probeControl, refuseAlias, sweepChildren } from '../../../../daemon/supervisor/lock/lock-holder.js';
import type { LockedChild, LockRecord } from '../../../../shared/node/files/lock-record.js';
import type { GatewayPaths } from '../../../../shared/node/process/paths.js';
import { bootId, isAlive, readStartTime, readIdentity } from '../../../../shared/node/process/process-identity.js';
import { eventually } from '../../../helpers/eventually.js';
import { exitOf } from '../../../helpers/fixture-process.js';
import { gatewayHome } from '../../../helpers/gateway-home.js';
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

  test('is told by a long status, too', async () => {
    const result = { instanceId: 'gw_1', pid: 7, port: 8, host: '::', configPath: '/c', warnings: ['x'.repeat(300_000)] };
    const path = await listening((socket) => socket.write(`${JSON.stringify({ v: 1, id: 'probe', type: 'result', result })}\n`));
    expect(await probeControl(path)).toMatchObject({ instanceId: 'gw_1' });
  });

  test.each([
    ['something that is no JSON', 'HTTP/1.1 400 Bad Request\n'],
    ['an error', `${JSON.stringify({ v: 1, id: 'probe', type: 'error', error: { code: 'X', message: 'no' } })}\n`],
    ['a result without an instance', `${JSON.stringify({ v: 1, id: 'probe', type: 'result', result: { pid: 1 } })}\n`],
    ['a line that never ends', 'x'.repeat(1_100_000)],
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

  // Its first thread ends at once, those that wait for the disk do not, and a process keeps its sockets until the last one has ended.
  test.each(['a child', 'the supervisor itself'])('has let go of its port when it is %s', async (who) => {
    const source = `const fs = require("node:fs"), files = [1, 2, 3, 4].map((n) => fs.openSync(${JSON.stringify(tempDir())} + "/" + n, "w"));
      const write = (file) => fs.write(file, Buffer.alloc(4e6), 0, 4e6, 0, () => fs.fsync(file, () => write(file)));
      const server = require("node:net").createServer().listen(0, "127.0.0.1", () => process.stdout.write(String(server.address().port)));
      files.forEach(write);`;
    for (let round = 0; round < 5; round += 1) {
      const child = spawn(process.execPath, ['-e', source], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
      onTestFinished(() => void child.kill('SIGKILL'));
      const port = Number(String(await once(child.stdout, 'data')));
      if (who === 'a child') await sweepChildren(deadRecord({ children: [left(child)] }));
      else {
        const record = deadRecord(readIdentity(child.pid));
        child.kill('SIGKILL');
        while (isAlive(child.pid ?? -1)) await new Promise((done) => setImmediate(done));
        await sweepChildren(record);
      }
      const next = createServer().listen(port, '127.0.0.1');
      await expect(once(next, 'listening')).resolves.toEqual([]);
      next.close();
    }
  });

  test('is what an MCP server leaves without its leader, but no other group of that number', async () => {
    const source = `const c = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
      process.stdout.write(String(c.pid), () => process.exit())`;
    const leaveOne = async (mark: Record<string, string>): Promise<{ leader: LockedChild; other: number }> => {
      const options = {
        detached: true,
        env: { ...process.env, ...mark },
        stdio: ['ignore', 'pipe', 'inherit'] as ['ignore', 'pipe', 'inherit'],
      };
      const leader = spawn(process.execPath, ['-e', source], options);
      const [other] = (await once(leader.stdout, 'data')).map(Number) as [number];
      onTestFinished(() => void (isAlive(other) && process.kill(other, 'SIGKILL')));
      await exitOf(leader);
      return { leader: { role: 'tool', pid: leader.pid ?? -1, startTime: '1' }, other };
    };
    const [server, foreign] = [await leaveOne({ XOPC_TOOL_SERVER: '1' }), await leaveOne({})];
    const children = [server.leader, foreign.leader];
    await sweepChildren(deadRecord({ bootId: 'another', children }));
    expect([isAlive(server.other), isAlive(foreign.other)]).toEqual([true, true]);
    await sweepChildren(deadRecord({ bootId: bootId(), children }));
    await eventually(() => expect([isAlive(server.other), isAlive(foreign.other)]).toEqual([false, true]));
  });

  test('may have ended by itself', async () => {
    const child = await start('process.stdout.write("up")');
    const record = deadRecord({ children: [left(child, '1')] });
    await exitOf(child);
    await expect(sweepChildren(record)).resolves.toBeUndefined();
  });
});

describe('a configuration under two paths', () => {
  const early = '2026-03-01T12:00:00.000Z';
  const late = '2026-03-01T12:00:00.001Z';
  const world: LockWorld = { probe: () => Promise.resolve(undefined), pause: () => Promise.resolve(), now: Date.now };
  const living = (changes: Partial<LockRecord>): LockRecord => deadRecord({ ...readIdentity(), ...changes });

  /** A home whose configuration has another name: a symlink or a hard link. */
  function homeWith(other: Partial<LockRecord>, makeLink = symlinkSync): { paths: GatewayPaths; alias: string } {
    const { paths, writeConfig } = gatewayHome();
    writeConfig({});
    const alias = join(paths.home, 'alias.json');
    makeLink(paths.configPath, alias);
    const lock = join(paths.lockDir, 'gateway.0123456789abcdef.lock');
    writeFileSync(lock, JSON.stringify(living({ createdAt: early, configPath: alias, ...other })));
    return { paths, alias };
  }

  test.each([
    ['a symlink', symlinkSync],
    ['a hard link', linkSync],
  ])('%s to that of a living gateway is refused with its name', async (_what, makeLink) => {
    const { paths, alias } = homeWith({}, makeLink);
    await expect(refuseAlias(paths, living({ createdAt: late, configPath: paths.configPath }), world)).rejects.toMatchObject({
      code: 'LOCK_HELD',
      message: `a gateway already runs for this configuration as ${alias}: pid ${process.pid} on port 18790`,
      hint: `See it with: xopc gateway status --config ${alias}   Replace it with: xopc gateway --force --config ${alias}`,
    });
  });

  test('of two that start at the same moment the one with the lower id stays', async () => {
    const { paths } = homeWith({ instanceId: 'gw_b' });
    const own = (instanceId: string): LockRecord => living({ createdAt: early, instanceId });
    await expect(refuseAlias(paths, own('gw_a'), world)).resolves.toBeUndefined();
    await expect(refuseAlias(paths, own('gw_c'), world)).rejects.toMatchObject({ code: 'LOCK_HELD' });
  });

  test.each([
    ['the other is younger and gives way itself', { createdAt: late }],
    ['the other is dead', { startTime: '1' }],
    ['the other has a configuration of its own', { configPath: '/etc/hostname' }],
    ['the other has no file', { configPath: '/nowhere/config.json' }],
  ])('it starts when %s', async (_what, other) => {
    const { paths } = homeWith(other);
    await expect(refuseAlias(paths, living({ createdAt: early, instanceId: 'gw_z' }), world)).resolves.toBeUndefined();
  });

  test('its own lock and one that cannot be read are no alias', async () => {
    const { paths } = homeWith({ configPath: '' });
    writeFileSync(paths.lockPath, JSON.stringify(living({ createdAt: early, configPath: paths.configPath })));
    writeFileSync(join(paths.lockDir, 'gateway.fedcba9876543210.lock'), 'damaged');
    await expect(refuseAlias(paths, living({ createdAt: late }), world)).resolves.toBeUndefined();
  });
});
