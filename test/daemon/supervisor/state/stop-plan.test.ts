import { describe, expect, test } from 'vitest';
import { StopPlan, type StopPurpose } from '../../../../daemon/supervisor/state/stop-plan.js';
import { vitals } from '../../../helpers/fake-child.js';
import { activeWorker } from '../../../helpers/fake-worker.js';

const NOW = 1_000_000;
const quiet = (): void => undefined;

const plan = (purpose: StopPurpose = 'stop', timeoutMs = 5_000): StopPlan => new StopPlan({ purpose, timeoutMs, nowMs: NOW });

describe('the exit code says what is to happen next', () => {
  test.each([
    ['stop', 0],
    ['serviceRestart', 75],
    ['succession', 0],
  ] as const)('%s → %i', (purpose, exitCode) => {
    expect(plan(purpose).exitCode).toBe(exitCode);
  });
});

describe('the deadline', () => {
  test('is the time asked for, and never less than nothing', () => {
    const stop = plan();
    expect(stop.remainingMs(NOW)).toBe(5_000);
    expect(stop.remainingMs(NOW + 4_000)).toBe(1_000);
    expect(stop.remainingMs(NOW + 60_000)).toBe(0);
  });

  test('comes nearer when a later request asks for less, and never goes further away', () => {
    const stop = plan();
    expect(stop.tighten({ purpose: 'stop', timeoutMs: 60_000, nowMs: NOW + 1_000 })).toBe(false);
    expect(stop.remainingMs(NOW + 1_000)).toBe(4_000);
    expect(stop.tighten({ purpose: 'stop', timeoutMs: 250, nowMs: NOW + 1_000 })).toBe(true);
    expect(stop.remainingMs(NOW + 1_000)).toBe(250);
  });
});

describe('a permanent stop wins', () => {
  test.each(['serviceRestart', 'succession'] as const)(
    'over a %s under way: the workers hear of it and the process stays down',
    (purpose) => {
      const stop = plan(purpose);
      expect(stop.tighten({ purpose: 'stop', timeoutMs: 60_000, nowMs: NOW })).toBe(true);
      expect(stop.purpose).toBe('stop');
      expect(stop.exitCode).toBe(0);
      expect(stop.remainingMs(NOW)).toBe(5_000);
    },
  );

  test.each(['serviceRestart', 'succession'] as const)('and a later %s does not change that', (purpose) => {
    const stop = plan('stop');
    expect(stop.tighten({ purpose, timeoutMs: 60_000, nowMs: NOW })).toBe(false);
    expect(stop.purpose).toBe('stop');
  });

  test('callers waiting for the service manager learn that it stays down', async () => {
    const stop = plan('serviceRestart');
    const restart = stop.join('serviceRestart', quiet);
    stop.tighten({ purpose: 'stop', timeoutMs: 100, nowMs: NOW });
    const stopped = stop.join('stop', quiet);
    stop.complete(NOW + 40);
    await expect(restart).rejects.toMatchObject({ code: 'STOPPING' });
    await expect(stopped).resolves.toMatchObject({ stopped: true, durationMs: 40 });
  });
});

describe('the workers', () => {
  test.each([
    ['stop', 'stop'],
    ['serviceRestart', 'restart'],
    ['succession', 'restart'],
  ] as const)('drain for a %s in mode %s with what is left of the time', (purpose, mode) => {
    const { worker, child } = activeWorker();
    plan(purpose).drain([worker], NOW + 1_500);
    expect(child.last('drain')).toEqual({ type: 'drain', mode, timeoutMs: 3_500 });
  });

  test('hear of a deadline that came nearer', () => {
    const { worker, child } = activeWorker();
    const stop = plan();
    stop.drain([worker], NOW);
    stop.tighten({ purpose: 'stop', timeoutMs: 250, nowMs: NOW + 10 });
    stop.hasten([worker], NOW + 10);
    expect(child.sent.filter(({ message }) => message.type === 'drain').map(({ message }) => message['timeoutMs'])).toEqual([5_000, 250]);
  });

  test('are killed where no time is left', () => {
    const { worker, child } = activeWorker();
    plan('stop', 0).drain([worker], NOW);
    expect(child.kills).toBe(1);
    expect(child.sentTypes).not.toContain('drain');
  });
});

describe('whoever waits', () => {
  test('is told how long requests have, and how much time is left when the drain is shortened', () => {
    const fake = activeWorker();
    const said: string[] = [];
    const stop = plan();
    void stop.join('stop', (message) => said.push(message));
    // A moment later: what is left is 4999 ms.
    stop.drain([fake.worker], NOW + 1);
    stop.hasten([fake.worker], NOW + 4_900);
    expect(said).toEqual(['requests have at most 5000 ms to finish', 'drain shortened: 100 ms are left']);
  });

  test('is told that requests are not waited for where there is no time', () => {
    const said: string[] = [];
    const stop = plan('stop', 0);
    void stop.join('stop', (message) => said.push(message));
    stop.drain([activeWorker().worker], NOW);
    expect(said).toEqual(['the gateway does not wait for requests']);
  });

  test('all learn the same result at the end, with what had to be cut', async () => {
    const stop = plan();
    const results = [stop.join('stop', quiet), stop.join('stop', quiet)];
    const finished = activeWorker();
    finished.child.says({ type: 'drained', cut: { requests: 1, streams: 2, sockets: 3 } });
    const killed = activeWorker();
    killed.child.says({ type: 'heartbeat', vitals: vitals({ inFlight: 4 }) });
    killed.worker.kill('did not finish');
    const clean = activeWorker();
    clean.child.says({ type: 'heartbeat', vitals: vitals({ inFlight: 9 }) });
    for (const { worker } of [finished, killed, clean]) stop.countCut(worker);
    stop.complete(NOW + 1_234);
    const cut = { requests: 5, streams: 2, sockets: 3 };
    expect(await Promise.all(results)).toEqual(Array(2).fill({ stopped: true, pid: process.pid, cut, durationMs: 1_234 }));
  });
});
