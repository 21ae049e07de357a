import { expect, test } from 'vitest';
import { createOutgoingService } from '../../../../daemon/worker/delivery/outgoing.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { openStore } from '../../../helpers/open-store.js';
import { makeOutbox } from '../../../helpers/outbox-fixture.js';

/** Two live workers of one store; the first one serves the account. */
async function makeWorkers() {
  const [store, clock] = [await openStore(), new FakeClock()];
  const liveInstanceIds = () => ['wk_1', 'wk_2'];
  const serving = await makeOutbox({ store, clock, instanceId: 'wk_1', liveInstanceIds });
  const other = await makeOutbox({ store, clock, instanceId: 'wk_2', liveInstanceIds });
  await serving.outbox.start();
  await other.outbox.start();
  return { ...serving, elsewhere: createOutgoingService({ store, clock, outbox: other.outbox }) };
}

const BUSY = { type: 'failed', reason: 'busy', retryAfterMs: 3_600_000 } as const;

test('the message behind one that another worker has dropped does not wait for its time', async () => {
  const { put, clock, channels, until, untilPending, elsewhere } = await makeWorkers();
  const first = await put('chat', '1');
  await channels.answer(BUSY);
  await until(first, 'retry_wait');
  const second = await put('chat', '2');
  const droppedAtMs = clock.now();
  await elsewhere.drop(first);
  await untilPending();
  expect(clock.now() - droppedAtMs).toBeLessThan(60_000);
  await channels.answer({ type: 'delivered' });
  await until(second, 'delivered');
  expect(channels.sent).toHaveLength(2);
});

test('a message that another worker sends again does not wait for the one behind it', async () => {
  const { put, clock, channels, until, untilPending, elsewhere } = await makeWorkers();
  const first = await put('chat', '1');
  await channels.answer({ type: 'refused', reason: 'no' });
  await until(first, 'dead');
  const second = await put('chat', '2');
  await channels.answer(BUSY);
  await until(second, 'retry_wait');
  const queuedAtMs = clock.now();
  await elsewhere.retry(first);
  await untilPending();
  expect(clock.now() - queuedAtMs).toBeLessThan(60_000);
  await channels.answer({ type: 'delivered' });
  await until(first, 'delivered');
  expect(channels.sent).toHaveLength(3);
});
