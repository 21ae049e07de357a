import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LockedChild } from '../../../../shared/node/files/lock-record.js';
import { bootId, isAlive, readIdentity, readStartTime } from '../../../../shared/node/process/process-identity.js';
import { sweepChildren } from '../../../../shared/node/process/sweep-children.js';
import { eventually } from '../../../helpers/eventually.js';
import { exitOf } from '../../../helpers/fixture-process.js';
import { leaderlessGroup } from '../../../helpers/leaderless-group.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

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

  test('is left alone after a reboot, when pid and start time may be those of another process', async () => {
    const child = await start();
    expect(await sweepChildren(deadRecord({ bootId: 'another', children: [left(child)] }))).toEqual([]);
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
    const [server, foreign] = [await leaderlessGroup(), await leaderlessGroup({ isMarked: false })];
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
    expect(await sweepChildren(record)).toEqual([]);
  });
});
