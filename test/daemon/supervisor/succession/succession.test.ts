import { describe, expect, test } from 'vitest';
import type { ListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { Succession } from '../../../../daemon/supervisor/succession/succession.js';
import { stoppingError } from '../../../../daemon/supervisor/state/stop-plan.js';
import { type FakeChild, fakeSpawn } from '../../../helpers/fake-child.js';
import { isSettled } from '../../../helpers/fake-predecessor.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';

const quiet = (): void => undefined;
const CONFIGURED_MS = 5_000;
const SUCCEEDED = { type: 'succeeded', pid: 22, workerPid: 23, instanceId: 'wk_9' };

interface Predecessor {
  readonly succession: Succession;
  readonly clock: FakeClock;
  /** What was asked of the rest of the gateway, in order. */
  readonly done: string[];
  readonly handle: object;
  successor(): FakeChild;
  spawned(): number;
}

function predecessor(options: { takeBack?: () => Promise<'ours' | 'lost'> } = {}): Predecessor {
  const { spawn, children, last } = fakeSpawn();
  const clock = new FakeClock();
  const done: string[] = [];
  const handle = {};
  const succession = new Succession({
    log: recordingLogger().log,
    clock,
    flags: { port: 1001, token: 'secret-token', configPath: '/c.json' },
    spawn,
    resources: {
      socket: { host: '0.0.0.0', port: 1001, handle } as unknown as ListenSocket,
      handOver: () => void done.push('handOver'),
      takeBack: async () => {
        done.push('takeBack');
        return (await options.takeBack?.()) ?? 'ours';
      },
    },
    supervisor: {
      requestStop: ({ purpose, timeoutMs }) => {
        done.push(`${purpose === 'succession' ? 'retire' : purpose} ${timeoutMs === CONFIGURED_MS ? 'configured' : timeoutMs}`);
        return Promise.resolve({ stopped: true, pid: 1, cut: { requests: 0, streams: 0, sockets: 0 }, durationMs: 1 });
      },
    },
    config: { settings: { drainTimeoutMs: CONFIGURED_MS } },
  });
  return { succession, clock, done, handle, successor: () => last('supervisor'), spawned: () => children.length };
}

/** Brings a succession to the step before the last: the successor has been given all and its worker listens. */
function retiring(options?: Parameters<typeof predecessor>[0]): Predecessor & { outcome: Promise<unknown> } {
  const context = predecessor(options);
  const outcome = context.succession.run({}, quiet);
  context.successor().says({ type: 'takeOver' });
  context.successor().says({ type: 'retire' });
  return { ...context, outcome };
}

describe('a succession that works', () => {
  test('goes through its steps in order and tells everybody who serves now', async () => {
    const { succession, successor, clock, done, handle } = predecessor();
    const said: string[] = [];
    const first = succession.run({}, (message) => said.push(message));
    expect(succession.isUnderWay).toBe(true);
    expect(succession.successorPid).toBe(successor().pid);
    const joined = succession.run({ port: 9 }, quiet);
    clock.advance(50);

    successor().says({ type: 'takeOver' });
    expect(done).toEqual(['handOver']);
    expect(successor().sent).toEqual([{ message: { type: 'handOver', host: '0.0.0.0', port: 1001 }, handle }]);
    succession.quiesced();
    expect(successor().sentTypes).toEqual(['handOver']);

    successor().says({ type: 'retire' });
    expect(done).toEqual(['handOver', 'retire configured']);
    succession.quiesced();
    expect(successor().sentTypes).toEqual(['handOver', 'quiesced']);

    clock.advance(50);
    expect(await isSettled(succession.settled)).toBe(false);
    successor().says(SUCCEEDED);
    const result = { instanceId: 'wk_9', workerPid: 23, pid: 22, succession: 'successor', durationMs: 100 };
    expect(await Promise.all([first, joined])).toEqual([result, result]);
    expect(await isSettled(succession.settled)).toBe(true);
    expect(successor()).toMatchObject({ isReleased: true, kills: 0 });
    expect(said).toEqual([`successor (pid ${successor().pid}) is starting`, 'the successor is ready and takes over']);
    expect(succession.isOver).toBe(true);
  });

  test('gives the successor our flags, with what it was asked to change, and where we are', () => {
    const { succession, successor } = predecessor();
    void succession.run({ port: 2002 }, quiet);
    expect(successor().options).toMatchObject({
      role: 'supervisor',
      output: 'ignore',
      boot: {
        flags: { port: 2002, token: 'secret-token', configPath: '/c.json' },
        foreground: false,
        predecessor: { host: '0.0.0.0', port: 1001 },
      },
    });
  });

  test('drains our worker within the time that was asked for', () => {
    const { succession, successor, done } = predecessor();
    void succession.run({ timeoutMs: 250 }, quiet);
    successor().says({ type: 'takeOver' });
    successor().says({ type: 'retire' });
    expect(done).toEqual(['handOver', 'retire 250']);
  });

  test('is reported at once to later callers, and the end of the successor no longer matters', async () => {
    const { succession, successor, outcome, done, spawned } = retiring();
    successor().says(SUCCEEDED);
    await outcome;
    successor().exits({ code: 1 });
    expect(await succession.run({}, quiet)).toMatchObject({ pid: 22 });
    expect(done).not.toContain('takeBack');
    expect(spawned()).toBe(1);
  });

  test('happens once: messages out of their order change nothing', () => {
    const { succession, successor, done } = predecessor();
    succession.run({}, quiet).catch(quiet);
    for (const type of ['retire', 'succeeded', 'quiesced', 'nonsense']) successor().says({ ...SUCCEEDED, type });
    expect(done).toEqual([]);
    expect(succession.isOver).toBe(false);
    successor().says({ type: 'takeOver' });
    successor().says({ type: 'takeOver' });
    successor().says({ type: 'retire' });
    successor().says({ type: 'retire' });
    expect(done).toEqual(['handOver', 'retire configured']);
  });
});

describe('a succession that fails leaves all as it was', () => {
  const steps: readonly { step: string; messages: readonly string[]; takesBack: boolean }[] = [
    { step: 'before it has asked for anything', messages: [], takesBack: false },
    { step: 'after it was given lock and sockets', messages: ['takeOver'], takesBack: true },
    { step: 'after its worker listened', messages: ['takeOver', 'retire'], takesBack: true },
  ];

  test.each(steps)('the successor dies $step', async ({ messages, takesBack }) => {
    const { succession, successor, done } = predecessor();
    const outcome = succession.run({}, quiet);
    for (const type of messages) successor().says({ type });
    successor().exits({ signal: 'SIGKILL' });
    await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: 'the successor exited before it was ready' });
    expect(done.includes('takeBack')).toBe(takesBack);
    expect(succession).toMatchObject({ isUnderWay: false, successorPid: undefined, isOver: false });
  });

  test.each(steps)('the successor says $step why it cannot', async ({ messages, takesBack }) => {
    const { succession, successor, done } = predecessor();
    const outcomes = [succession.run({}, quiet), succession.run({}, quiet)];
    for (const type of messages) successor().says({ type });
    successor().says({ type: 'failed', error: { code: 'CONFIG_INVALID', message: 'gateway.port is wrong', hint: 'correct it' } });
    expect(successor().kills).toBe(1);
    expect(await isSettled(Promise.all(outcomes))).toBe(false);
    expect(done).not.toContain('takeBack');
    successor().exits({ code: 78 });
    for (const outcome of outcomes) await expect(outcome).rejects.toMatchObject({ code: 'CONFIG_INVALID', hint: 'correct it' });
    expect(done.includes('takeBack')).toBe(takesBack);
  });

  test.each(steps)('a stop wins $step', async ({ messages, takesBack }) => {
    const { succession, successor, done } = predecessor();
    const outcome = succession.run({}, quiet);
    for (const type of messages) successor().says({ type });
    succession.abort(stoppingError());
    expect(successor().kills).toBe(1);
    // What it still says does not count.
    for (const type of ['takeOver', 'retire']) successor().says({ type });
    successor().says(SUCCEEDED);
    successor().exits({ signal: 'SIGKILL' });
    await expect(outcome).rejects.toMatchObject({ code: 'STOPPING' });
    expect(done.includes('takeBack')).toBe(takesBack);
    expect(succession.isOver).toBe(false);
  });

  test('those who wait hear of it when lock and socket are back, and not before', async () => {
    let finish: () => void = quiet;
    const { succession, successor, outcome } = retiring({ takeBack: () => new Promise((resolve) => (finish = () => resolve('ours'))) });
    successor().exits({ code: 1 });
    expect(await isSettled(succession.settled)).toBe(false);
    expect(succession.isUnderWay).toBe(true);
    finish();
    await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
    expect(succession.isUnderWay).toBe(false);
  });

  test('what cannot be taken back does not end us', async () => {
    const { successor, outcome } = retiring({ takeBack: () => Promise.reject(new Error('ENOSPC')) });
    successor().exits({ code: 1 });
    await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
  });

  test('the next one starts afresh', async () => {
    const { succession, successor, outcome, done } = retiring();
    successor().exits({ code: 1 });
    await expect(outcome).rejects.toThrow();
    done.length = 0;
    const next = succession.run({}, quiet);
    successor().exits({ code: 1 });
    await expect(next).rejects.toThrow();
    expect(done).toEqual([]);
  });

  test('a stop without a succession stops nothing here', async () => {
    const { succession, spawned } = predecessor();
    succession.abort(stoppingError());
    expect(spawned()).toBe(0);
    expect(await isSettled(succession.settled)).toBe(true);
  });
});

describe('a succession after which there is nothing to go on with', () => {
  test('a successor that is told to stop takes us with it, and keeps lock and socket until then', async () => {
    const { succession, successor, outcome, done } = retiring();
    successor().says({ type: 'dismissed', timeoutMs: 250 });
    await expect(outcome).rejects.toMatchObject({ code: 'STOPPING' });
    expect(done).toEqual(['handOver', 'retire configured', 'stop 250']);
    expect(succession).toMatchObject({ isOver: true, successorPid: undefined });
    successor().exits({ code: 0 });
    expect(await isSettled(succession.settled)).toBe(true);
    await expect(succession.run({}, quiet)).rejects.toMatchObject({ code: 'STOPPING' });
    expect(done).not.toContain('takeBack');
  });

  test('before the hand-over it cannot stop its predecessor', () => {
    const { succession, successor, done } = predecessor();
    succession.run({}, quiet).catch(quiet);
    successor().says({ type: 'dismissed', timeoutMs: 250 });
    expect(succession.isOver).toBe(false);
    expect(done).toEqual([]);
  });

  test('where another gateway has taken the successor’s place, we leave it to it', async () => {
    const { succession, successor, outcome, done } = retiring({ takeBack: () => Promise.resolve('lost') });
    successor().exits({ signal: 'SIGKILL' });
    await expect(outcome).rejects.toMatchObject({ code: 'LOCK_HELD', message: expect.stringContaining('another gateway') });
    expect(succession).toMatchObject({ isOver: true, successorPid: undefined });
    expect(done.at(-1)).toBe('stop configured');
  });
});
