import { expect, test } from 'vitest';
import type { ListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { withinLimit } from '../../../../daemon/supervisor/control/wait-limit.js';
import { SERVE_LIMIT_MS, START_LIMIT_MS, Succession } from '../../../../daemon/supervisor/succession/succession.js';
import { fakeSpawn } from '../../../helpers/fake-child.js';
import { isSettled } from '../../../helpers/fake-predecessor.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';

const quiet = (): void => undefined;
const DRAIN_MS = 5_000;

function starting(): { clock: FakeClock; spawned: ReturnType<typeof fakeSpawn>; outcome: Promise<unknown>; succession: Succession } {
  const spawned = fakeSpawn();
  const clock = new FakeClock();
  const succession = new Succession({
    log: recordingLogger().log,
    clock,
    flags: {},
    spawn: spawned.spawn,
    resources: {
      socket: { host: '0.0.0.0', port: 1, handle: {} } as unknown as ListenSocket,
      handOver: quiet,
      takeBack: () => Promise.resolve('ours'),
    },
    supervisor: { requestStop: () => Promise.reject(new Error('not expected')) },
    config: { settings: { drainTimeoutMs: DRAIN_MS } },
  });
  return { clock, spawned, succession, outcome: withinLimit(clock, succession.run({}, quiet)) };
}

test('a client waits for 30 s, the succession goes on, and this process does not leave before its end', async () => {
  const { clock, spawned, succession, outcome } = starting();
  clock.advance(20_000);
  const late = succession.run({}, quiet);
  clock.advance(10_000);
  await expect(outcome).rejects.toMatchObject({ code: 'STILL_STARTING', message: expect.stringContaining('30 s') });
  expect([succession.isUnderWay, await isSettled(succession.settled), await isSettled(late)]).toEqual([true, false, false]);
  spawned.last('supervisor').exits({ code: 1 });
  await expect(late).rejects.toMatchObject({ code: 'SUCCESSION_FAILED' });
  expect(await isSettled(succession.settled)).toBe(true);
});

test('a successor that hangs before it has asked for anything is ended, and the next one may start', async () => {
  const { clock, spawned, succession, outcome } = starting();
  const hanging = spawned.last('supervisor');
  clock.advance(START_LIMIT_MS - 1);
  await expect(outcome).rejects.toMatchObject({ code: 'STILL_STARTING' });
  const late = succession.run({}, quiet);
  expect(hanging.kills).toBe(0);
  clock.advance(1);
  expect(hanging.kills).toBe(1);
  hanging.exits({ signal: 'SIGKILL' });
  await expect(late).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: expect.stringContaining('150 s') });
  succession.run({}, quiet).catch(quiet);
  expect(spawned.last('supervisor')).not.toBe(hanging);
});

test('one that hangs after it has been given everything is ended, and everything is taken back', async () => {
  const { clock, spawned, succession, outcome } = starting();
  const hanging = spawned.last('supervisor');
  clock.advance(START_LIMIT_MS - 1);
  await expect(outcome).rejects.toMatchObject({ code: 'STILL_STARTING' });
  hanging.says({ type: 'takeOver' });
  clock.advance(SERVE_LIMIT_MS + DRAIN_MS - 1);
  const late = succession.run({}, quiet);
  expect(hanging.kills).toBe(0);
  clock.advance(1);
  expect(hanging.kills).toBe(1);
  hanging.exits({ signal: 'SIGKILL' });
  await expect(late).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: expect.stringContaining('65 s') });
});

test.each([
  ['spawn node EAGAIN', 'too many processes', 'Try again when the shortage is over.'],
  ['spawn /opt/node ENOENT', '/opt/node', 'Install Node.js again'],
])('one that cannot be started says why and what to do, and the gateway continues: %s', async (spawnError, said, hint) => {
  const { spawned, outcome, succession } = starting();
  spawned.last('supervisor').exits({ code: null, spawnError });
  const contains = (text: string): unknown => expect.stringContaining(text);
  await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: contains(said), hint: contains(hint) });
  expect(succession.isUnderWay).toBe(false);
});
