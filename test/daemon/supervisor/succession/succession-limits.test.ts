import { expect, test } from 'vitest';
import type { ListenSocket } from '../../../../daemon/supervisor/socket/listen-socket.js';
import { START_LIMIT_MS, Succession } from '../../../../daemon/supervisor/succession/succession.js';
import { fakeSpawn } from '../../../helpers/fake-child.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { recordingLogger } from '../../../helpers/recording-logger.js';

const quiet = (): void => undefined;

function starting(): { clock: FakeClock; spawned: ReturnType<typeof fakeSpawn>; outcome: Promise<unknown>; succession: Succession } {
  const spawned = fakeSpawn();
  const clock = new FakeClock();
  const succession = new Succession({
    log: recordingLogger().log,
    clock,
    instanceId: 'gw_1',
    flags: {},
    spawn: spawned.spawn,
    resources: {
      socket: { host: '0.0.0.0', port: 1, handle: {} } as unknown as ListenSocket,
      handOver: quiet,
      takeBack: () => Promise.resolve('ours'),
    },
    supervisor: { requestStop: () => Promise.reject(new Error('not expected')) },
    config: { settings: { drainTimeoutMs: 5_000 } },
  });
  return { clock, spawned, succession, outcome: succession.run({}, quiet) };
}

test('a successor that hangs before it has asked for anything is ended, and the next one may start', async () => {
  const { clock, spawned, succession, outcome } = starting();
  const hanging = spawned.last('supervisor');
  clock.advance(START_LIMIT_MS - 1);
  expect(hanging.kills).toBe(0);
  clock.advance(1);
  expect(hanging.kills).toBe(1);
  hanging.exits({ signal: 'SIGKILL' });
  await expect(outcome).rejects.toMatchObject({ code: 'SUCCESSION_FAILED', message: expect.stringContaining('150 s') });
  succession.run({}, quiet).catch(quiet);
  expect(spawned.last('supervisor')).not.toBe(hanging);
});

test('one that has asked is limited by the drain of its predecessor instead', () => {
  const { clock, spawned } = starting();
  spawned.last('supervisor').says({ type: 'takeOver' });
  clock.advance(10 * START_LIMIT_MS);
  expect(spawned.last('supervisor').kills).toBe(0);
});
