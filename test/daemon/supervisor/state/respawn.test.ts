import { describe, expect, test } from 'vitest';
import { Respawn, failureOf } from '../../../../daemon/supervisor/state/respawn.js';
import { RestartPolicy } from '../../../../daemon/supervisor/state/restart-policy.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { activeWorker, fakeWorker, type FakeWorker } from '../../../helpers/fake-worker.js';
import type { ChildExit } from '../../../../daemon/supervisor/workers/child-process.js';
import type { Verdict } from '../../../../daemon/supervisor/state/state.js';

function respawnWithoutJitter(): { respawn: Respawn; clock: FakeClock } {
  const clock = new FakeClock();
  return { clock, respawn: new Respawn({ policy: new RestartPolicy(() => 1), clock }) };
}

/** The worker exits and its death is recorded. */
function recordDeath(respawn: Respawn, { worker, child, exits }: FakeWorker, exit: Partial<ChildExit>): Verdict {
  child.exits(exit);
  const record = exits.at(-1);
  if (record === undefined) throw new Error('no exit record');
  return respawn.recordDeath(worker, record);
}

describe('the deaths reported to the policy', () => {
  const KILLED = { code: null, signal: 'SIGKILL' } as const;

  test('five early crashes make it fail', () => {
    const { respawn, clock } = respawnWithoutJitter();
    const verdicts = Array.from({ length: 5 }, () => recordDeath(respawn, fakeWorker({ clock }), { code: 1 }));
    expect(verdicts).toEqual(['now', 'later', 'later', 'later', 'failed']);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('serving workers that somebody ends with %s do not', (signal) => {
    const { respawn, clock } = respawnWithoutJitter();
    const verdicts = Array.from({ length: 10 }, () => recordDeath(respawn, activeWorker({ clock }), { code: null, signal }));
    expect(new Set(verdicts)).toEqual(new Set(['now']));
  });

  test('workers that we killed ourselves, because they hung, count as crashes', () => {
    const { respawn, clock } = respawnWithoutJitter();
    const verdicts = Array.from({ length: 5 }, () => {
      const hung = activeWorker({ clock });
      hung.worker.kill('did not answer for 15 s');
      return recordDeath(respawn, hung, KILLED);
    });
    expect(verdicts.at(-1)).toBe('failed');
  });

  test('workers that die of a signal of their own count as crashes', () => {
    const { respawn, clock } = respawnWithoutJitter();
    const verdicts = Array.from({ length: 5 }, () => recordDeath(respawn, activeWorker({ clock }), { code: null, signal: 'SIGSEGV' }));
    expect(verdicts.at(-1)).toBe('failed');
  });

  test('the healthy time counts from the activation to the death', () => {
    const { respawn, clock } = respawnWithoutJitter();
    for (let death = 0; death < 4; death += 1) recordDeath(respawn, fakeWorker({ clock }), { code: 1 });
    const lasting = activeWorker({ clock });
    clock.advance(60_000);
    expect(recordDeath(respawn, lasting, { code: 1 })).toBe('now');
  });

  test('exit code 125 asks not to be respawned', () => {
    const { respawn, clock } = respawnWithoutJitter();
    expect(recordDeath(respawn, activeWorker({ clock }), { code: 125 })).toBe('failed');
  });
});

describe('the next attempt', () => {
  test('comes after the delay of the last death, once, and is announced until then', () => {
    const { respawn, clock } = respawnWithoutJitter();
    let due = 0;
    recordDeath(respawn, fakeWorker({ clock }), { code: 1 });
    recordDeath(respawn, fakeWorker({ clock }), { code: 1 });
    expect(respawn.schedule(() => (due += 1))).toBe(100);
    expect(respawn.nextAttemptAtMs).toBe(clock.now() + 100);
    clock.advance(99);
    expect(due).toBe(0);
    clock.advance(1);
    expect(due).toBe(1);
    expect(respawn.nextAttemptAtMs).toBeUndefined();
    clock.advance(60_000);
    expect(due).toBe(1);
  });

  test('does not come once it is cancelled', () => {
    const { respawn, clock } = respawnWithoutJitter();
    let due = 0;
    recordDeath(respawn, fakeWorker({ clock }), { code: 125 });
    respawn.schedule(() => (due += 1));
    expect(respawn.retryAfterSeconds).toBe(30);
    clock.advance(12_500);
    expect(respawn.retryAfterSeconds).toBe(18);
    respawn.cancel();
    expect(respawn.nextAttemptAtMs).toBeUndefined();
    expect(respawn.retryAfterSeconds).toBe(1);
    clock.advance(60_000);
    expect(due).toBe(0);
  });

  test('is near again after earlier deaths are forgiven', () => {
    const { respawn, clock } = respawnWithoutJitter();
    for (let death = 0; death < 6; death += 1) recordDeath(respawn, fakeWorker({ clock }), { code: 1 });
    respawn.forgive();
    expect(recordDeath(respawn, fakeWorker({ clock }), { code: 1 })).toBe('now');
  });
});

describe('why the last worker could not serve', () => {
  test('is that it is starting while nothing has died', () => {
    expect(respawnWithoutJitter().respawn.reason).toBe('it is starting');
  });

  test('is how it ended, with its last words', () => {
    const fake = fakeWorker();
    fake.child.stderr.write('Error: no such module\n');
    fake.child.exits({ code: 1 });
    const failure = failureOf(fake.worker, fake.exits[0]!);
    expect(failure.code).toBe('WORKER_NOT_READY');
    const reason = 'exited with code 1: Error: no such module';
    expect(failure.message).toBe(`the worker (pid ${fake.worker.pid}) ${reason}`);
    expect(failure.details).toEqual({ reason, output: fake.exits[0]?.output });
  });

  test("is the worker's own message if it sent one, with the problems", () => {
    const fake = fakeWorker();
    const problems = [{ file: 'config.json', line: 2, column: 3, key: 'gateway.port', message: 'must be a number' }];
    const error = { code: 'CONFIG_INVALID', message: 'config.json:2:3 gateway.port must be a number', hint: 'Correct it.' } as const;
    fake.child.says({ type: 'bootFailed', error, problems });
    fake.child.exits({ code: 78 });
    const failure = failureOf(fake.worker, fake.exits[0]!);
    expect(failure).toBeInstanceOf(GatewayError);
    expect(failure).toMatchObject({ ...error, details: { problems } });
  });

  test('has the last words also where they come after the exit', () => {
    const { respawn } = respawnWithoutJitter();
    const fake = fakeWorker();
    fake.child.exits({ code: 1 });
    const record = fake.exits[0]!;
    respawn.lastExit = record;
    respawn.recordCrash(fake.worker, record);
    respawn.completeRecord(fake.worker, { ...record, reason: 'exited with code 1: Error: late' });
    expect(respawn.reason).toContain('exited with code 1: Error: late');
    respawn.completeRecord(fake.worker, { ...record, pid: record.pid + 1, reason: 'another' });
    expect(respawn.lastExit.reason).toBe('exited with code 1: Error: late');
  });

  test('is shown as long as no worker serves, then how the last one ended', () => {
    const { respawn } = respawnWithoutJitter();
    const fake = fakeWorker();
    fake.child.exits({ code: 1 });
    respawn.lastExit = fake.exits[0]!;
    respawn.failure = new GatewayError('CONFIG_INVALID', { message: 'a key is wrong' });
    expect(respawn.reason).toBe('a key is wrong');
    respawn.failure = undefined;
    expect(respawn.reason).toBe('exited with code 1');
  });
});
