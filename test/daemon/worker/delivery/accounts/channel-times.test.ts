import { expect, test } from 'vitest';
import { ChannelHistory } from '../../../../../daemon/worker/delivery/accounts/channel-times.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';

test("the time of an account's state and its last error, also after it has recovered", () => {
  const clock = new FakeClock();
  const iso = (): string => new Date(clock.now()).toISOString();
  const history = new ChannelHistory(clock);
  const begun = iso();
  history.note({ telegram: { state: 'running' } });
  clock.advance(60_000);
  history.note({ telegram: { state: 'running' } });
  expect([history.of('telegram'), history.of('nobody')]).toEqual([
    { since: begun, lastError: null },
    { since: null, lastError: null },
  ]);
  const failedAt = iso();
  history.note({ telegram: { state: 'backoff', message: 'no network' } });
  clock.advance(5_000);
  history.note({ telegram: { state: 'backoff', message: 'no network' } });
  expect(history.of('telegram')).toEqual({ since: failedAt, lastError: { message: 'no network', at: failedAt } });
  history.note({ telegram: { state: 'running' } });
  expect(history.of('telegram')).toEqual({ since: iso(), lastError: { message: 'no network', at: failedAt } });
  history.note({});
  expect(history.of('telegram').lastError).toBeNull();
});
