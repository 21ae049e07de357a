import { describe, expect, test } from 'vitest';
import type { StopPurpose } from '../../../daemon/supervisor/state/stop-plan.js';
import { readyMessage, vitals } from '../../helpers/fake-child.js';
import { SOCKET, Supervised } from '../../helpers/supervised.js';

describe('a stop', () => {
  test('drains the worker, and is done when it has exited', async () => {
    const gateway = Supervised.running();
    gateway.first.says({ type: 'heartbeat', vitals: vitals({ inFlight: 2 }) });
    const outcome = gateway.stop();
    expect(gateway.supervisor).toMatchObject({ state: 'draining', desired: 'down', isReady: false });
    expect(gateway.first.last('drain')).toEqual({ type: 'drain', mode: 'stop', timeoutMs: 5_000 });
    gateway.clock.advance(700);
    gateway.first.says({ type: 'drained', cut: { requests: 0, streams: 1, sockets: 0 } });
    expect(gateway.told).not.toContain('left 0');
    gateway.first.exits();
    expect(gateway.told.at(-1)).toBe('left 0');
    await expect(outcome).resolves.toEqual({
      stopped: true,
      pid: process.pid,
      cut: { requests: 0, streams: 1, sockets: 0 },
      durationMs: 700,
    });
    expect(gateway.lockedChildren).toEqual([]);
  });

  test('that a second one hastens ends at the nearer deadline', () => {
    const gateway = Supervised.running();
    void gateway.stop();
    void gateway.stop({ timeoutMs: 250 });
    expect(gateway.first.last('drain')).toMatchObject({ timeoutMs: 250 });
    gateway.clock.advance(550);
    expect(gateway.first.kills).toBe(1);
    void gateway.stop({ timeoutMs: 60_000 });
    expect(gateway.first.last('drain')).toMatchObject({ timeoutMs: 250 });
  });

  test.each([
    ['while the first worker boots', () => Supervised.started()],
    [
      'while the first worker is ready',
      (): Supervised => {
        const gateway = Supervised.started();
        gateway.worker.says(readyMessage());
        return gateway;
      },
    ],
    [
      'while a restart boots its worker',
      (): Supervised => {
        const gateway = Supervised.running();
        void gateway.restart();
        return gateway;
      },
    ],
    [
      'while a restart waits for the old worker',
      (): Supervised => {
        const gateway = Supervised.running();
        void gateway.restart();
        gateway.comesUp(gateway.worker);
        return gateway;
      },
    ],
    [
      'while the old worker of a restart still drains',
      (): Supervised => {
        const gateway = Supervised.running();
        void gateway.restart();
        gateway.comesUp(gateway.worker);
        gateway.first.says({ type: 'quiesced' });
        return gateway;
      },
    ],
    [
      'in backoff',
      (): Supervised => {
        const gateway = Supervised.started();
        gateway.worker.exits({ code: 1 });
        gateway.worker.exits({ code: 1 });
        return gateway;
      },
    ],
    [
      'when it has failed',
      (): Supervised => {
        const gateway = Supervised.started();
        gateway.worker.exits({ code: 125 });
        return gateway;
      },
    ],
  ])('wins %s: everything drains, nothing is started any more', async (_what, prepare) => {
    const gateway = prepare();
    const alive = gateway.workers.filter(({ pid }) => gateway.lockedChildren.some((child) => child.pid === pid));
    const outcome = gateway.stop();
    const started = gateway.workers.length;
    for (const child of alive) expect(child.last('drain')).toMatchObject({ mode: 'stop' });
    gateway.supervisor.dispatch({ type: 'configChanged' });
    for (const child of alive) child.exits({ code: 1 });
    await expect(outcome).resolves.toMatchObject({ stopped: true });
    gateway.clock.advance(120_000);
    expect(gateway.workers).toHaveLength(started);
    expect(gateway.told.at(-1)).toBe('left 0');
  });

  test('ends a restart for whoever waits, and refuses the next', async () => {
    const gateway = Supervised.running();
    const restart = gateway.restart();
    void gateway.stop();
    await expect(restart).rejects.toMatchObject({ code: 'STOPPING' });
    await expect(gateway.restart()).rejects.toMatchObject({ code: 'STOPPING' });
    expect(gateway.workers).toHaveLength(2);
  });
});

test('a restart during a restore is refused for that reason', async () => {
  const gateway = Supervised.running();
  void gateway.stop({ purpose: 'restore' });
  await expect(gateway.restart()).rejects.toMatchObject({ code: 'CONFLICT', message: 'a restore is in progress' });
});

describe('leaving for a successor', () => {
  test.each([
    ['serviceRestart', 75],
    ['succession', 0],
  ] as const)('%s drains like a restart and leaves with %i', (purpose, exitCode) => {
    const gateway = Supervised.running();
    void gateway.stop({ purpose });
    expect(gateway.first.last('drain')).toMatchObject({ mode: 'restart' });
    gateway.first.exits();
    expect(gateway.told.at(-1)).toBe(`left ${exitCode}`);
  });

  test('a stop in between is permanent', () => {
    const gateway = Supervised.running();
    void gateway.stop({ purpose: 'serviceRestart' });
    expect(gateway.supervisor.isRestarting).toBe(true);
    void gateway.stop();
    expect(gateway.supervisor.isRestarting).toBe(false);
    expect(gateway.first.last('drain')).toMatchObject({ mode: 'stop' });
    gateway.first.exits();
    expect(gateway.told.at(-1)).toBe('left 0');
  });

  const quiescing: readonly [string, (gateway: Supervised) => void][] = [
    ['its worker has quiesced', (gateway) => gateway.worker.says({ type: 'quiesced' })],
    ['its worker has died instead', (gateway) => gateway.worker.exits({ signal: 'SIGKILL' })],
  ];

  test.each(quiescing)('a successor is told once that this gateway has quiesced: %s', (_what, act) => {
    const gateway = Supervised.running();
    void gateway.stop({ purpose: 'succession' });
    expect(gateway.told).not.toContain('quiesced');
    act(gateway);
    expect(gateway.told.filter((told) => told === 'quiesced')).toHaveLength(1);
  });

  test('a successor is told at once where no worker is active', () => {
    const gateway = Supervised.started();
    gateway.worker.exits({ code: 125 });
    void gateway.stop({ purpose: 'succession' });
    expect(gateway.told.slice(-2)).toEqual(['quiesced', 'left 0']);
  });

  test('a successor is not told by a worker of an earlier restart while the active one is not done', () => {
    const gateway = Supervised.running();
    void gateway.restart();
    gateway.comesUp(gateway.worker);
    gateway.first.says({ type: 'quiesced' });
    void gateway.stop({ purpose: 'succession' });
    gateway.first.exits();
    expect(gateway.told).not.toContain('quiesced');
    gateway.worker.says({ type: 'quiesced' });
    expect(gateway.told).toContain('quiesced');
  });

  test('continues to serve when the successor is gone', () => {
    const gateway = Supervised.running();
    void gateway.stop({ purpose: 'succession' });
    gateway.first.exits();
    expect(gateway.supervisor.resume()).toBe(true);
    expect(gateway.supervisor.desired).toBe('up');
    gateway.comesUp(gateway.worker);
    expect(gateway.supervisor).toMatchObject({ state: 'running', isReady: true });
  });

  test.each<StopPurpose>(['stop', 'serviceRestart'])('does not continue when a %s was requested', (purpose) => {
    const gateway = Supervised.running();
    void gateway.stop({ purpose: 'succession' });
    void gateway.stop({ purpose });
    gateway.first.exits();
    expect(gateway.supervisor.resume()).toBe(purpose !== 'stop');
  });
});

describe('a successor', () => {
  test('takes over before its first worker listens, and activates it once the predecessor has quiesced', async () => {
    let [handOver, quiesce] = [(): void => undefined, (): void => undefined];
    const steps: string[] = [];
    const gateway = Supervised.started({
      takeOver: () => {
        steps.push('takeOver');
        return new Promise((resolve) => (handOver = resolve));
      },
      retirePredecessor: () => {
        steps.push('retire');
        return new Promise((resolve) => (quiesce = resolve));
      },
    });
    gateway.worker.says(readyMessage());
    expect(steps).toEqual(['takeOver']);
    expect(gateway.worker.sentTypes).not.toContain('listen');
    gateway.resources.openSocket = SOCKET;
    handOver();
    await new Promise((resolve) => setImmediate(resolve));
    gateway.worker.says({ type: 'listening' });
    expect(steps).toEqual(['takeOver', 'retire']);
    expect(gateway.worker.sentTypes).not.toContain('activate');
    quiesce();
    await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.told).toEqual([`active ${gateway.worker.pid}`]);
  });

  test.each([
    ['its worker crashes', (gateway: Supervised) => gateway.worker.exits({ code: 1 })],
    ['its worker refuses', (gateway: Supervised) => gateway.refuses(gateway.worker)],
  ])('gives up at once when %s: the predecessor serves on', (_what, fail) => {
    const gateway = Supervised.started({ takeOver: () => Promise.reject(new Error('unused')), retirePredecessor: () => Promise.resolve() });
    fail(gateway);
    expect(gateway.told.at(-1)).toMatch(/^left [^0]/);
    expect(gateway.workers).toHaveLength(1);
  });

  test('gives up when it cannot take over', async () => {
    const gateway = Supervised.started({
      takeOver: () => Promise.reject(new Error('no handle')),
      retirePredecessor: () => Promise.resolve(),
    });
    gateway.worker.says(readyMessage());
    await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.worker.kills).toBe(1);
    gateway.worker.exits({ signal: 'SIGKILL' });
    expect(gateway.leaveError?.message).toContain('failed to take over');
  });
});
