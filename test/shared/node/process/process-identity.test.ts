import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { identify } from '../../../../bin/setup-lock.mjs';
import {
  bootId,
  isAlive,
  isSameProcess,
  classifyProcess,
  containerId,
  machineId,
  ownStartMs,
  isGone,
  isOlder,
  parseProcStat,
  pidNamespace,
  readIdentity,
  readParentPid,
  readStartTime,
} from '../../../../shared/node/process/process-identity.js';

const isLinux = process.platform === 'linux';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function startSleeper(): ChildProcess & { pid: number } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child as ChildProcess & { pid: number };
}

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? -1;
}

describe('the text of /proc/{pid}/stat', () => {
  const rest = '4242 1 2 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 2 3';

  test.each([['node'], ['a b'], ['(sd-pam)'], ['evil) S 1 2 3'], ['x\ny'], [')))']])('is read behind the program name %j', (name) => {
    expect(parseProcStat(`77 (${name}) R ${rest}`)).toEqual({ state: 'R', parentPid: 4242, group: 1, threads: 1, startTime: '987654' });
  });

  test.each([[''], ['77 (node)'], ['77 (node) R 1 2 3'], ['garbage']])('%j is nothing', (text) => {
    expect(parseProcStat(text)).toBeUndefined();
  });
});

test('a start time stays the same and differs between processes', async () => {
  const child = startSleeper();
  const first = readStartTime(child.pid);
  expect(first).toBeDefined();
  expect(readStartTime(child.pid)).toBe(first);
  expect(readStartTime(process.pid)).not.toBe(first);
});

test.runIf(isLinux)('where `ps` says when a process was started, its identity does not depend on the time zone', () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
  const starts = ['UTC', 'Asia/Tokyo'].map((zone) => {
    vi.stubEnv('TZ', zone);
    return [readStartTime(process.pid), identify(process.pid).startTime];
  });
  expect(starts[0]).toEqual([expect.stringContaining(':'), expect.stringContaining(':')]);
  expect(starts[1]).toEqual(starts[0]);
});

test.each([[0], [-1], [1.5], [Number.NaN], [2 ** 53]])('%d is no process', (pid) => {
  expect(isAlive(pid)).toBe(false);
  expect(readStartTime(pid)).toBeUndefined();
});

test('an ended process is dead and has no start time', async () => {
  const pid = await endedPid();
  expect(isAlive(pid)).toBe(false);
  expect(readStartTime(pid)).toBeUndefined();
});

test('a process of somebody else is alive although it may not be signalled', () => {
  expect(isAlive(1)).toBe(true);
});

test.runIf(isLinux)('a zombie is dead', async () => {
  // The shell becomes a program that never waits for its child, which ends once that has happened.
  const parent = spawn('/bin/sh', ['-c', 'read line <&3 & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  const [line] = (await once(parent.stdout as Readable, 'data')) as [Buffer];
  const pid = Number(line.toString());
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
  (parent.stdio[3] as Writable).end();
  await expect.poll(() => parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.state).toBe('Z');
  expect(isAlive(pid)).toBe(false);
  expect(isGone({ pid, startTime: readStartTime(pid) ?? null })).toBe(true);
  expect(() => process.kill(pid, 0)).not.toThrow();
});

test('the parent of a child is this process', () => {
  expect(readParentPid(startSleeper().pid)).toBe(process.pid);
});

test.runIf(isLinux)('which of two processes was started first does not depend on the clock', () => {
  const parent = readIdentity(process.ppid);
  expect(isOlder(parent, 0)).toBe(true);
  expect(isOlder(parent, 1e9)).toBe(false);
  expect(isOlder({ ...parent, startTime: '1' }, 0)).toBe(false);
  expect(isOlder({ ...parent, pidNamespace: 'pid:[1]' }, 0)).toBe(false);
  expect(isOlder(readIdentity(startSleeper().pid), 10)).toBe(false);
});

test('this process was made before it could say so, and not long ago', () => {
  expect(ownStartMs()).toBeLessThanOrEqual(performance.timeOrigin);
  expect(Date.now() - ownStartMs()).toBeLessThan(600_000);
});

test.each([
  ['0f1e2d3c4b5a', true],
  ['0f1e2d3c4b5a.local', false],
  ['xopc-7d9f8b6c5-x2x4z', false],
  ['gateway', false],
])('the host name %s is the id of a container: %s', (hostName, isId) => {
  expect(containerId(hostName)).toBe(isId ? hostName : undefined);
});

describe('checking an identity', () => {
  test('we ourselves are alive', () => {
    expect(classifyProcess(readIdentity())).toBe('alive');
  });

  test('a living child is alive, and dead once it has ended', async () => {
    const child = startSleeper();
    const identity = readIdentity(child.pid);
    expect(classifyProcess(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(classifyProcess(identity)).toBe('dead');
  });

  test('a pid that was given to another process is dead', () => {
    expect(classifyProcess({ ...readIdentity(), startTime: '1' })).toBe('dead');
    expect(isSameProcess({ pid: process.pid, startTime: '1' })).toBe(false);
  });

  test('an unknown start time leaves the pid to decide', () => {
    expect(classifyProcess({ ...readIdentity(), startTime: null })).toBe('alive');
  });

  const here = { machineId: machineId() ?? 'm', bootId: bootId() ?? 'b', pidNamespace: pidNamespace() ?? 'p' };
  test.runIf(isLinux).each([
    ['another pid namespace', { pidNamespace: 'pid:[1]' }, 'foreign'],
    ['another machine', { machineId: machineId() === null ? null : 'other', bootId: 'other' }, 'foreign'],
    ['a container that shares the processes of its host', { machineId: 'other' }, 'alive'],
    ['another boot of an unknown machine', { machineId: null, bootId: 'other' }, 'foreign'],
    ['another boot of this machine', { bootId: 'other' }, machineId() === null ? 'foreign' : 'dead'],
    [
      'another boot of this machine and another container',
      { bootId: 'other', pidNamespace: 'pid:[1]' },
      machineId() === null ? 'foreign' : 'dead',
    ],
    ['nothing but a pid', { machineId: null, bootId: null, pidNamespace: null, startTime: null }, 'alive'],
  ] as const)('of %s', (_title, change, verdict) => {
    expect(classifyProcess({ ...readIdentity(), ...here, ...change })).toBe(verdict);
  });
});
