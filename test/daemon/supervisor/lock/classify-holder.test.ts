import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { classifyHolder, type ControlIdentity, type LockWorld } from '../../../../daemon/supervisor/lock/lock-holder.js';
import type { LockRecord } from '../../../../shared/node/files/lock-record.js';
import { pidNamespace, readIdentity } from '../../../../shared/node/process/process-identity.js';
import { deadRecord } from '../../../helpers/lock-takers.js';
import { tempDir } from '../../../helpers/temp-dir.js';

const NOW = Date.UTC(2026, 2, 1);

/** A lock file of an age, and a world in which pauses take no time. */
function judged(options: { ageMs: number; answers?: (ControlIdentity | undefined)[] }): {
  path: string;
  world: LockWorld;
  pauses: number[];
} {
  const path = join(tempDir(), 'gateway.lock');
  writeFileSync(path, '{}');
  utimesSync(path, NOW / 1000, (NOW - options.ageMs) / 1000);
  const pauses: number[] = [];
  let nowMs = NOW;
  const answers = [...(options.answers ?? [])];
  const world: LockWorld = {
    probe: () => Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]),
    pause(delayMs) {
      pauses.push(delayMs);
      nowMs += delayMs;
      return Promise.resolve();
    },
    now: () => nowMs,
  };
  return { path, world, pauses };
}

const living = (): LockRecord => deadRecord({ ...readIdentity(), instanceId: 'gw_a' });
const answering = (instanceId: string): ControlIdentity => ({ instanceId, pid: 1, port: 2, host: 'h', configPath: 'c' });

test('a holder of this machine is judged by its process alone: no age, no socket', async () => {
  const { path, world } = judged({ ageMs: 1e9, answers: [undefined] });
  expect(await classifyHolder(path, living(), world)).toBe('alive');
  expect(await classifyHolder(path, { ...living(), startTime: '1' }, judged({ ageMs: 0, answers: [answering('gw_a')] }).world)).toBe(
    'dead',
  );
});

test('a holder of an earlier boot of this machine is dead', async () => {
  const { path, world } = judged({ ageMs: 0 });
  const record = { ...living(), bootId: '00000000-0000-0000-0000-000000000000', machineId: readIdentity().machineId };
  // Where the machine has no id, another boot may as well be another machine.
  expect(await classifyHolder(path, record, world)).toBe(record.machineId === null ? 'alive' : 'dead');
});

describe.skipIf(process.platform !== 'linux')('a holder in another container of this kernel', () => {
  const inContainer = (): LockRecord => ({ ...living(), pid: 1, startTime: '1', pidNamespace: 'pid:[1]' });

  test('lives when its control socket answers with its instance id, however old the lock', async () => {
    expect(pidNamespace()).not.toBe('pid:[1]');
    const { path, world, pauses } = judged({ ageMs: 1e9, answers: [answering('gw_a')] });
    expect(await classifyHolder(path, inContainer(), world)).toBe('alive');
    expect(pauses).toEqual([]);
  });

  test.each([
    ['nobody answers', undefined],
    ['another instance answers', answering('gw_b')],
  ])('is dead at once when %s and its lock is older than a start takes', async (_what, answer) => {
    const { path, world, pauses } = judged({ ageMs: 3_000, answers: [answer] });
    expect(await classifyHolder(path, inContainer(), world)).toBe('dead');
    expect(pauses).toEqual([]);
  });

  test('that has taken the lock just now is given the time to answer', async () => {
    const { path, world, pauses } = judged({ ageMs: 50, answers: [undefined, undefined, undefined, answering('gw_a')] });
    expect(await classifyHolder(path, inContainer(), world)).toBe('alive');
    expect(pauses).toHaveLength(3);
  });

  test('that has taken the lock just now and never answers is dead after 3 s', async () => {
    const { path, world, pauses } = judged({ ageMs: 50 });
    expect(await classifyHolder(path, inContainer(), world)).toBe('dead');
    expect(pauses.reduce((sum, delayMs) => sum + delayMs, 0)).toBeLessThanOrEqual(3_000);
  });

  test('whose lock has a future time does not block a start forever', async () => {
    const { path, world, pauses } = judged({ ageMs: -3_600_000 });
    expect(await classifyHolder(path, inContainer(), world)).toBe('dead');
    expect(pauses.length).toBeLessThanOrEqual(30);
  });

  test('is told apart by the boot, not by a machine id that each container has for itself', async () => {
    const { path, world } = judged({ ageMs: 60_000 });
    expect(await classifyHolder(path, { ...inContainer(), machineId: 'ffffffffffffffff' }, world)).toBe('dead');
  });
});

describe('a holder on another machine that shares the directory', () => {
  const elsewhere = (): LockRecord => ({ ...living(), machineId: 'ffffffffffffffff', bootId: '00000000-0000-0000-0000-000000000000' });

  test.each([
    [0, 'alive'],
    [89_000, 'alive'],
    // Its clock, or this one, is wrong.
    [-3_600_000, 'alive'],
    [90_000, 'dead'],
    [1e9, 'dead'],
  ] as const)('whose lock was renewed %i ms ago is %s', async (ageMs, verdict) => {
    const { path, world, pauses } = judged({ ageMs });
    expect(await classifyHolder(path, elsewhere(), world)).toBe(verdict);
    expect(pauses).toEqual([]);
  });

  test('is dead when its lock is gone', async () => {
    const { world } = judged({ ageMs: 0 });
    expect(await classifyHolder(join(tempDir(), 'none'), elsewhere(), world)).toBe('dead');
  });
});
