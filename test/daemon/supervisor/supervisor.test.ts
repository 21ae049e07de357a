import { describe, expect, test } from 'vitest';
import { MAX_DELAY_MS } from '../../../daemon/supervisor/state/restart-policy.js';
import { FALLBACK_AFTER_MS } from '../../../daemon/supervisor/workers/fallback-process.js';
import { readyMessage, vitals } from '../../helpers/fake-child.js';
import { Supervised } from '../../helpers/supervised.js';

describe('the start', () => {
  test('boots a worker, has it listen on the handle, and activates it', () => {
    const gateway = Supervised.started();
    const { worker, supervisor } = gateway;
    expect(supervisor).toMatchObject({ state: 'starting', desired: 'up', isReady: false });
    gateway.comesUp(worker);
    expect(worker.sent.find(({ message }) => message.type === 'listen')).toEqual({
      message: { type: 'listen', host: '127.0.0.1', port: 18_790 },
      handle: { is: 'the listening handle' },
    });
    expect(worker.sentTypes.at(-1)).toBe('activate');
    expect(supervisor).toMatchObject({ state: 'running', isReady: true });
    expect(gateway.told).toEqual([`active ${worker.pid}`]);
    expect(gateway.lockedChildren).toMatchObject([{ role: 'worker', pid: worker.pid }]);
  });

  test('gives up where the first worker says that it cannot work, with its reason and exit code', () => {
    const gateway = Supervised.started();
    gateway.refuses(gateway.worker);
    expect(gateway.told).toEqual(['left 78']);
    expect(gateway.leaveError).toMatchObject({ code: 'CONFIG_INVALID', message: 'gateway.port is wrong' });
    expect(gateway.supervisor.state).toBe('stopped');
  });

  test('goes on where the first worker crashes', () => {
    const gateway = Supervised.started();
    gateway.worker.exits({ code: 1 });
    expect(gateway.workers).toHaveLength(2);
    gateway.comesUp(gateway.worker);
    expect(gateway.supervisor.state).toBe('running');
  });
});

describe('a restart', () => {
  test('starts the new worker, drains the old one, activates the new one once the old has quiesced', async () => {
    const gateway = Supervised.running();
    const { first, supervisor } = gateway;
    const outcome = gateway.restart();
    const second = gateway.worker;
    expect(second).not.toBe(first);
    expect(supervisor).toMatchObject({ state: 'running', isReady: true, isRestarting: true });
    gateway.comesUp(second);
    expect(first.last('drain')).toEqual({ type: 'drain', mode: 'restart', timeoutMs: 5_000 });
    expect(second.sentTypes).not.toContain('activate');
    first.says({ type: 'quiesced' });
    expect(second.sentTypes).toContain('activate');
    await expect(outcome).resolves.toMatchObject({ workerPid: second.pid, pid: process.pid, succession: 'none' });
    expect(supervisor).toMatchObject({ plannedRestarts: 1, isRestarting: false });
    first.exits();
    expect(gateway.lockedChildren.map(({ pid }) => pid)).toEqual([second.pid]);
    expect(gateway.progress.join('; ')).toMatch(new RegExp(`${second.pid}\\) is starting; .*${second.pid}\\) accepts`));
    expect(gateway.logger.entries().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('tells every worker who lives, so that the dead one’s leases are void', () => {
    const gateway = Supervised.running();
    const { first } = gateway;
    void gateway.restart();
    const ids = first.last('peers')?.['liveInstanceIds'];
    expect(ids).toHaveLength(2);
    expect((gateway.worker.options.boot as { liveInstanceIds: string[] }).liveInstanceIds.toSorted()).toEqual((ids as string[]).toSorted());
    gateway.comesUp(gateway.worker);
    first.exits();
    expect(gateway.worker.last('peers')?.['liveInstanceIds']).toHaveLength(1);
  });

  test('is joined by others while it goes on; all learn the same instance', async () => {
    const gateway = Supervised.running();
    const outcomes = [gateway.restart(), gateway.restart()];
    gateway.comesUp(gateway.worker);
    outcomes.push(gateway.restart());
    gateway.first.says({ type: 'quiesced' });
    const results = await Promise.all(outcomes);
    expect(new Set(results.map(({ instanceId }) => instanceId)).size).toBe(1);
    expect(gateway.workers).toHaveLength(2);
    expect(gateway.supervisor.plannedRestarts).toBe(1);
  });

  test('drains within the time that was asked for', () => {
    const gateway = Supervised.running();
    void gateway.restart(250);
    gateway.comesUp(gateway.worker);
    expect(gateway.first.last('drain')).toMatchObject({ timeoutMs: 250 });
  });

  test('goes on when the old worker dies instead of quiescing', async () => {
    const gateway = Supervised.running();
    const outcome = gateway.restart();
    gateway.comesUp(gateway.worker);
    gateway.first.exits({ signal: 'SIGKILL' });
    await expect(outcome).resolves.toMatchObject({ workerPid: gateway.worker.pid });
  });

  test('goes on when the old worker dies before the new one is ready: it becomes the replacement', async () => {
    const gateway = Supervised.running();
    const outcome = gateway.restart();
    gateway.first.exits({ signal: 'SIGSEGV' });
    expect(gateway.workers).toHaveLength(2);
    gateway.comesUp(gateway.worker);
    await expect(outcome).resolves.toMatchObject({ workerPid: gateway.worker.pid });
    expect(gateway.respawn.crashes).toBe(1);
  });

  test.each([
    ['says that its configuration is invalid', (gateway: Supervised) => gateway.refuses(gateway.worker), 'CONFIG_INVALID'],
    ['crashes', (gateway: Supervised) => gateway.worker.exits({ code: 1 }), 'WORKER_NOT_READY'],
  ])('whose new worker %s fails with the reason, and the old one serves on', async (_what, fail, code) => {
    const gateway = Supervised.running();
    const outcome = gateway.restart();
    fail(gateway);
    await expect(outcome).rejects.toMatchObject({ code });
    expect(gateway.supervisor).toMatchObject({ state: 'running', isReady: true, isRestarting: false });
    expect(gateway.first.sentTypes).not.toContain('drain');
    for (let again = 0; again < 10; again += 1) {
      void gateway.restart();
      fail(gateway);
    }
    expect(gateway.supervisor.state).toBe('running');
  });

  test('fails when the new worker dies while the old one still finishes; another one takes its place', async () => {
    const gateway = Supervised.running();
    const outcome = gateway.restart();
    gateway.comesUp(gateway.worker);
    gateway.worker.exits({ code: 1 });
    await expect(outcome).rejects.toMatchObject({ code: 'WORKER_NOT_READY' });
    expect(gateway.workers).toHaveLength(3);
    gateway.comesUp(gateway.worker);
    expect(gateway.worker.sentTypes).not.toContain('activate');
    gateway.first.says({ type: 'quiesced' });
    expect(gateway.worker.sentTypes).toContain('activate');
  });

  test('never has two workers active: a second restart waits for what the first left to quiesce', () => {
    const gateway = Supervised.running();
    void gateway.restart();
    gateway.comesUp(gateway.worker);
    const second = gateway.worker;
    second.exits({ code: 1 });
    void gateway.restart();
    gateway.comesUp(gateway.worker);
    expect(gateway.workers.filter((child) => child.sentTypes.includes('activate'))).toEqual([gateway.first]);
    gateway.first.exits();
    expect(gateway.worker.sentTypes).toContain('activate');
  });

  test('loads what is in the files even where that is known to be invalid; a respawn loads the last good copy', async () => {
    const gateway = Supervised.running();
    await gateway.config.keepLastGood();
    gateway.home.writeConfig({ gateway: { port: 'x' } });
    const sourceOf = (): string => (gateway.worker.options.boot as { configSource: string }).configSource;
    void gateway.restart();
    expect(sourceOf()).toBe(gateway.home.paths.configPath);
    gateway.refuses(gateway.worker);
    gateway.first.exits({ signal: 'SIGKILL' });
    expect(sourceOf()).toBe(gateway.home.paths.lastGoodConfigPath);
  });
});

describe('a crash', () => {
  const KILLED = { signal: 'SIGKILL' } as const;

  test('is answered by a new worker at once', () => {
    const gateway = Supervised.running();
    gateway.first.exits(KILLED);
    expect(gateway.supervisor).toMatchObject({ state: 'starting', isReady: false });
    gateway.comesUp(gateway.worker);
    expect(gateway.supervisor).toMatchObject({ state: 'running', plannedRestarts: 0 });
    expect(gateway.respawn).toMatchObject({ crashes: 1, lastExit: { pid: gateway.first.pid, signal: 'SIGKILL' } });
  });

  test('is answered before the lock is written, which may wait for the disk', () => {
    const gateway = Supervised.running();
    const workersAtWrite: number[] = [];
    gateway.resources.updateLock = () => void workersAtWrite.push(gateway.workers.length);
    gateway.first.exits(KILLED);
    expect(workersAtWrite[0]).toBe(2);
  });

  test('again and again is answered later and later, then only now and then, and is said', () => {
    const gateway = Supervised.started();
    const delays: number[] = [];
    for (let death = 0; death < 6; death += 1) {
      gateway.worker.exits({ code: 1 });
      const dueAtMs = gateway.respawn.nextAttemptAtMs;
      if (dueAtMs === undefined) continue;
      delays.push(dueAtMs - gateway.clock.now());
      gateway.clock.advance(delays.at(-1) ?? 0);
    }
    expect(delays).toEqual([100, 200, 400, 30_000, 30_000]);
    expect(gateway.supervisor.state).toBe('failed');
    expect(gateway.told).toEqual(['failed']);
    expect(gateway.workers).toHaveLength(7);
  });

  test('after many others and a healthy minute is answered at once', () => {
    const gateway = Supervised.started();
    for (let death = 0; death < 6; death += 1) {
      gateway.worker.exits({ code: 1 });
      gateway.clock.advance(MAX_DELAY_MS);
    }
    const lasting = gateway.worker;
    gateway.comesUp(lasting);
    for (let second = 0; second < 60; second += 1) {
      lasting.says({ type: 'heartbeat', vitals: vitals() });
      gateway.clock.advance(1_000);
    }
    lasting.exits({ signal: 'SIGSEGV' });
    expect(gateway.worker).not.toBe(lasting);
    expect(gateway.supervisor.state).toBe('starting');
  });

  test.each([
    ['a restart', (gateway: Supervised) => void gateway.restart()],
    ['a changed configuration', (gateway: Supervised) => gateway.supervisor.dispatch({ type: 'configChanged' })],
    ['the next try', (gateway: Supervised) => gateway.clock.advance(30_000)],
  ])('that has failed ends with %s', (_what, act) => {
    const gateway = Supervised.started();
    gateway.worker.exits({ code: 125 });
    expect(gateway.supervisor.state).toBe('failed');
    act(gateway);
    gateway.comesUp(gateway.worker);
    expect(gateway.supervisor).toMatchObject({ state: 'running', isReady: true });
    gateway.clock.advance(120_000);
    expect(gateway.workers).toHaveLength(2);
  });
});

test('while nobody accepts for 2 s the fallback answers, until a worker listens again', () => {
  const gateway = Supervised.running();
  gateway.first.exits({ code: 125 });
  gateway.clock.advance(FALLBACK_AFTER_MS);
  const fallback = gateway.fake.last('fallback');
  fallback.says({ type: 'ready' });
  expect(fallback.sent[0]).toEqual({ message: { type: 'listen' }, handle: { is: 'the listening handle' } });
  expect(gateway.lockedChildren).toMatchObject([{ role: 'fallback', pid: fallback.pid }]);
  void gateway.restart();
  gateway.worker.says(readyMessage());
  expect([fallback.sentTypes.at(-1), gateway.worker.last('listen')]).toEqual(['drain', undefined]);
  fallback.says({ type: 'closed' });
  gateway.comesUp(gateway.worker);
  fallback.exits();
  expect(gateway.fallbacks).toHaveLength(1);
});
