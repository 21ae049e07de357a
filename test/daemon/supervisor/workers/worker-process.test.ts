import { describe, expect, test } from 'vitest';
import { BOOT_LIMIT_MS, LISTEN_LIMIT_MS, REFUSAL_LIMIT_MS } from '../../../../daemon/supervisor/workers/worker-process.js';
import { readyMessage, vitals } from '../../../helpers/fake-child.js';
import { activeWorker, fakeWorker } from '../../../helpers/fake-worker.js';

const REFUSAL = { type: 'bootFailed', error: { code: 'PORT_TAKEN', message: 'port 1 is taken' }, problems: [] };

describe('the phases of a worker', () => {
  test('follow its messages and its commands', () => {
    const { worker, child, clock, exits } = fakeWorker();
    const phases: string[] = [worker.phase];
    child.says(readyMessage());
    phases.push(worker.phase);
    child.says({ type: 'listening' });
    phases.push(worker.phase);
    clock.advance(10);
    worker.activate();
    phases.push(worker.phase);
    worker.drain('restart', 5_000);
    phases.push(worker.phase);
    child.exits();
    phases.push(worker.phase);
    expect(phases).toEqual(['booting', 'ready', 'listening', 'active', 'retiring', 'exited']);
    expect(worker.activeSinceMs).toBe(worker.startedAtMs + 10);
    expect(exits).toHaveLength(1);
  });

  test('never go back: messages while it drains, or too early, change nothing', () => {
    const early = fakeWorker();
    early.child.says({ type: 'listening' });
    expect(early.worker.phase).toBe('booting');
    const draining = fakeWorker();
    draining.worker.drain('stop', 5_000);
    draining.child.says(readyMessage());
    draining.child.says({ type: 'listening' });
    expect(draining.worker.phase).toBe('retiring');
    const active = activeWorker();
    active.child.says(readyMessage());
    active.child.says({ type: 'listening' });
    expect(active.worker.phase).toBe('active');
  });

  test('its facts are kept: readiness, vitals, refusal, what it cut', () => {
    const { worker, child, messages } = activeWorker();
    child.says({ type: 'heartbeat', vitals: vitals({ inFlight: 9 }) });
    child.says({ type: 'quiesced' });
    child.says({ type: 'drained', cut: { requests: 1, streams: 2, sockets: 3 } });
    child.says(REFUSAL);
    expect(worker).toMatchObject({
      readiness: { version: '1.2.3' },
      vitals: { inFlight: 9 },
      cut: { requests: 1, streams: 2, sockets: 3 },
      refusal: { error: { code: 'PORT_TAKEN' } },
    });
    expect(messages.map(({ type }) => type)).toEqual(['ready', 'listening', 'quiesced', 'drained', 'bootFailed']);
  });

  test.each([
    ['a text', 'hello'],
    ['null', null],
    ['no type', {}],
    ['an unknown type', { type: 'explode' }],
    ['an odd type', { type: { toString: 1 } }],
  ])('a message that is %s is dropped with a line in the log', (_what, message) => {
    const { child, messages, logger } = fakeWorker();
    child.says(message);
    expect(messages).toEqual([]);
    expect(logger.messages()).toContain('the worker sent an unknown message');
  });

  test('nothing is sent to one that is gone', () => {
    const { worker, child } = activeWorker();
    child.exits({ code: 1 });
    const before = child.sent.length;
    worker.send({ type: 'reopenLogs' });
    worker.drain('stop', 100);
    worker.kill('late');
    expect(child.sent).toHaveLength(before);
    expect(worker.killedFor).toBeUndefined();
  });
});

describe('a worker that does not come up in time is killed, with the reason', () => {
  test.each([
    ['was not ready within 120 s', BOOT_LIMIT_MS, []],
    ['did not listen within 30 s', LISTEN_LIMIT_MS, [readyMessage()]],
    ['did not exit within 2 s', REFUSAL_LIMIT_MS, [REFUSAL]],
  ])('%s', (reason, limitMs, says) => {
    const { worker, child, clock, exits } = fakeWorker();
    for (const message of says) child.says(message);
    clock.advance(limitMs - 1);
    expect(child.kills).toBe(0);
    clock.advance(1);
    expect(child.kills).toBe(1);
    expect(worker.killedFor).toBe(reason);
    child.exits({ signal: 'SIGKILL' });
    expect(exits[0]?.reason).toBe(reason);
  });

  test('one that listens is not, whatever time passes, as long as it beats', () => {
    const { child, clock } = activeWorker();
    for (let second = 0; second < 300; second += 1) {
      clock.advance(1_000);
      child.says({ type: 'heartbeat', vitals: vitals() });
    }
    expect(child.kills).toBe(0);
  });
});

describe('a worker that hangs', () => {
  test('is asked for its stack, and killed a second later', () => {
    const { worker, child, clock } = activeWorker();
    clock.advance(15_000);
    expect([child.stackRequests, child.kills]).toEqual([1, 0]);
    clock.advance(1_000);
    expect(child.kills).toBe(1);
    expect(worker.killedFor).toBe('did not answer for 15 s');
  });

  test('is not judged before it listens, nor while it drains', () => {
    const booting = fakeWorker();
    booting.clock.advance(29_000);
    expect(booting.child.stackRequests).toBe(0);
    const draining = activeWorker();
    draining.worker.drain('restart', 60_000);
    draining.clock.advance(59_000);
    expect(draining.child.stackRequests).toBe(0);
  });
});

describe('draining', () => {
  test('ends with a kill 300 ms after the drain time, a nearer one counting', () => {
    const { worker, child, clock } = activeWorker();
    worker.drain('restart', 5_000);
    clock.advance(1_000);
    worker.drain('stop', 250);
    clock.advance(549);
    expect(child.kills).toBe(0);
    clock.advance(1);
    expect(child.kills).toBe(1);
    expect(worker.killedFor).toBe('did not drain within 250 ms');
    clock.advance(60_000);
    expect(child.kills).toBe(1);
  });

  test('without any time is a kill at once', () => {
    const { worker, child } = activeWorker();
    worker.drain('stop', 0);
    expect(child.kills).toBe(1);
    expect(worker.killedFor).toBe('was stopped by force');
  });
});

test('what is left of its group is ended when it has exited', () => {
  const { child } = activeWorker();
  child.exits({ code: 1 });
  expect(child.kills).toBe(1);
});

test('secrets and control characters do not get into the exit record', () => {
  const { child, exits } = fakeWorker({ secrets: ['s3cr3t-t0ken'] });
  child.stderr.write('Error: 401 for s3cr3t-t0ken \u001b[31mred\u001b[0m\n');
  child.exits({ code: 1 });
  expect(exits[0]?.output).toContain('Error: 401 for');
  expect(exits[0]?.output).not.toContain('s3cr3t');
  expect(exits[0]?.output).not.toContain('\u001b');
});

test('a child that could not be started is an exit with the reason', () => {
  const { child, exits } = fakeWorker();
  child.exits({ code: null, spawnError: 'spawn /usr/bin/node ENOENT' });
  expect(exits[0]?.reason).toBe('failed to start (spawn /usr/bin/node ENOENT)');
});
