import { expect, test } from 'vitest';
import { UpdatePoll } from '../../../../../daemon/worker/channels/telegram/update-poll.js';
import { advanceUntil } from '../../../../helpers/advance-until.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { IntakeMemory } from '../../../../helpers/host-memory.js';
import { logMemory } from '../../../../helpers/log-memory.js';

test('a poll ends before others may take this worker for dead, and none begins when that is soon', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const intake = new IntakeMemory();
  const timeouts: unknown[] = [];
  const states: (string | undefined)[] = [];
  intake.validMs = 12_900;
  const poll = new UpdatePoll({
    api: {
      async call(_method, payload) {
        timeouts.push((payload as { timeout?: number }).timeout);
        intake.validMs = timeouts.length === 1 ? 4_999 : Infinity;
        if (timeouts.length === 3) stop.abort();
        return { ok: true, value: [] as never };
      },
    },
    intake,
    clock,
    logger: logMemory(),
    scope: 'telegram:1',
    random: () => 0,
    read: () => undefined,
    readPress: () => undefined,
    answer: () => undefined,
    onState: (state) => states.push(state),
  });
  const ended = poll.run(stop.signal);
  await advanceUntil(clock, () => states.includes('waits for the database'));
  expect(timeouts).toEqual([12]);
  intake.validMs = 5_000;
  await advanceUntil(clock, () => stop.signal.aborted);
  await ended;
  expect(timeouts).toEqual([12, 5, 25]);
});
