import { expect, test } from 'vitest';
import { DAY_MS } from '../../../../shared/clock.js';
import { GatewayError } from '../../../../shared/errors.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeOutbox } from '../../../helpers/outbox-fixture.js';
import { openStore } from '../../../helpers/open-store.js';

const DELIVERED = { type: 'delivered' } as const;
const FAILED = { type: 'failed', reason: 'down' } as const;

test('a message is sent as soon as it is committed, and is delivered', async () => {
  const { outbox, channels, put, until } = await makeOutbox();
  await outbox.start();
  const id = await put('chat', 'hello');
  const send = await channels.answer(DELIVERED);
  expect(send.delivery).toEqual({ id, accountId: 'a', chatId: 'chat', body: 'hello' });
  expect(await until(id, 'delivered')).toMatchObject({ attempts: 1, parts: 1, deliveredParts: 1, lastError: null });
});

test('one chat is sent to in order and one at a time, others are not held up', async () => {
  const { outbox, channels, put, until } = await makeOutbox();
  await outbox.start();
  await put('slow', '1');
  const first = await channels.next();
  const second = await put('slow', '2');
  const other = await put('other', 'x');
  await channels.answer(DELIVERED);
  await until(other, 'delivered');
  expect(channels.sent).toEqual(['slow:1', 'other:x']);
  first.answer(DELIVERED);
  await channels.answer(DELIVERED);
  await until(second, 'delivered');
  expect(channels.sent).toEqual(['slow:1', 'other:x', 'slow:2']);
});

test('a failed message is sent again after the backoff, before the next of its chat', async () => {
  const { outbox, channels, put, until, clock } = await makeOutbox();
  await outbox.start();
  const first = await put('chat', '1');
  await channels.answer(FAILED);
  expect(await until(first, 'retry_wait')).toMatchObject({ attempts: 1, lastError: 'down' });
  const second = await put('chat', '2');
  clock.advance(999);
  expect(channels.pending).toBe(0);
  clock.advance(1);
  const repeated = await channels.answer(DELIVERED);
  expect(repeated.delivery).toMatchObject({ id: first, body: '1' });
  await channels.answer(DELIVERED);
  await until(second, 'delivered');
  expect(channels.sent).toEqual(['chat:1', 'chat:1', 'chat:2']);
});

test('a message that is refused for good is dead, and the next of its chat goes on', async () => {
  const { outbox, channels, put, until } = await makeOutbox();
  await outbox.start();
  const first = await put('chat', '1');
  const second = await put('chat', '2');
  await channels.answer({ type: 'refused', reason: 'chat not found' });
  expect(await until(first, 'dead')).toMatchObject({ lastError: 'chat not found', attempts: 1 });
  await channels.answer(DELIVERED);
  await until(second, 'delivered');
});

test('the parts of a message are sent in order, and a part whose outcome is unknown is not repeated', async () => {
  const { outbox, channels, put, until, partStates } = await makeOutbox();
  await outbox.start();
  const id = await put('chat', 'one\ntwo\nthree');
  const later = await put('chat', 'four');
  expect((await channels.answer(DELIVERED)).delivery.id).toBe(id);
  expect((await channels.answer({ type: 'unknown', reason: 'reset' })).delivery.id).toBe(`${id}.2`);
  expect((await channels.answer(DELIVERED)).delivery.id).toBe(`${id}.3`);
  expect(await until(id, 'unknown')).toMatchObject({ lastError: 'reset', parts: 3, deliveredParts: 2 });
  expect(await partStates(id)).toEqual(['delivered', 'unknown', 'delivered']);
  await channels.answer(DELIVERED);
  await until(later, 'delivered');
  expect(channels.sent).toEqual(['chat:one', 'chat:two', 'chat:three', 'chat:four']);
});

test('what is left of a message is not sent when a part is refused', async () => {
  const { outbox, channels, put, until, partStates } = await makeOutbox();
  await outbox.start();
  const id = await put('chat', 'one\ntwo\nthree');
  await channels.answer(DELIVERED);
  await channels.answer({ type: 'refused', reason: 'blocked' });
  await until(id, 'dead');
  expect(await partStates(id)).toEqual(['delivered', 'dead', 'dead']);
  expect(channels.pending).toBe(0);
});

test('no attempt is made while an account is not ready; messages are sent once it is', async () => {
  const { outbox, channels, put, until, read, clock } = await makeOutbox();
  channels.unready.add('a');
  await outbox.start();
  const ids = [await put('x', '1'), await put('x', '2'), await put('y', '3')];
  clock.advance(20_000);
  expect(channels.sent).toEqual([]);
  expect(await read(ids[0]!)).toMatchObject({ state: 'queued', attempts: 0 });
  channels.unready.clear();
  outbox.wakeAccount('test', 'a');
  for (const _ of ids) await channels.answer(DELIVERED);
  for (const id of ids) expect(await until(id, 'delivered')).toMatchObject({ attempts: 1 });
});

test('what could not be sent in a day expires, whether or not its account was ever ready', async () => {
  const { outbox, channels, put, until, clock, told, log } = await makeOutbox();
  channels.unready.add('never');
  await outbox.start();
  const waiting = await put('x', '1', { accountId: 'never' });
  const failing = await put('y', '2');
  await channels.answer(FAILED);
  await until(failing, 'retry_wait');
  channels.unready.add('a');
  // Timers look at least once a minute, so that a machine that slept is noticed.
  clock.jump(DAY_MS);
  clock.advance(60_000);
  expect(await until(waiting, 'dead')).toMatchObject({ lastError: 'expired before it could be sent', attempts: 0 });
  expect(await until(failing, 'dead')).toMatchObject({ lastError: 'expired; the last attempt: down' });
  expect(told.toSorted()).toEqual([`${waiting} dead`, `${failing} dead`, `${failing} retry_wait`]);
  expect(log.entries.filter(({ level }) => level === 'warn')).toHaveLength(2);
});

test('a retry is not put off when the clock is set back', async () => {
  const { outbox, channels, put, until, clock } = await makeOutbox();
  await outbox.start();
  const id = await put('chat', '1');
  await channels.answer(FAILED);
  await until(id, 'retry_wait');
  clock.jump(-10 * DAY_MS);
  clock.advance(60_000);
  await channels.answer(DELIVERED);
  expect(await until(id, 'delivered')).toMatchObject({ attempts: 2 });
});

test('an idle outbox has no timer, and one that waits has one', async () => {
  const timers = new Set<number>();
  class CountingClock extends FakeClock {
    override after(delayMs: number, callback: () => void): () => void {
      timers.add(delayMs);
      const cancel = super.after(delayMs, () => {
        timers.delete(delayMs);
        callback();
      });
      return () => {
        timers.delete(delayMs);
        cancel();
      };
    }
  }
  const { outbox, channels, put, until } = await makeOutbox({ clock: new CountingClock() });
  await outbox.start();
  await until(await put('chat', ''), 'delivered');
  const id = await put('chat', '1');
  await channels.answer(DELIVERED);
  await until(id, 'delivered');
  expect([...timers]).toEqual([]);
  const failing = await put('chat', '2');
  await channels.answer(FAILED);
  await until(failing, 'retry_wait');
  await new Promise(setImmediate);
  expect([...timers]).toEqual([1_000]);
});

test('at most eight chats of an account are sent to at a time, and all have their turn', async () => {
  const { outbox, channels, put } = await makeOutbox();
  await outbox.start();
  for (let chat = 0; chat < 10; chat += 1) for (const text of ['1', '2']) await put(`chat-${chat}`, text);
  const open = await Promise.all(Array.from({ length: 8 }, () => channels.next()));
  expect(channels.pending).toBe(0);
  // The ones that wait come before the second messages of those that were first.
  open[0]!.answer(DELIVERED);
  expect((await channels.next()).delivery.chatId).toBe('chat-8');
  expect(channels.sent).toHaveLength(9);
});

test('the outcome of a send is stored once the store works again, and nothing is sent twice', async () => {
  const store = await openStore();
  const { outbox, channels, put, until, clock } = await makeOutbox({ store });
  await outbox.start();
  const id = await put('chat', '1');
  const send = await channels.next();
  const write = store.write.bind(store);
  let failures = 0;
  store.write = async (work) => {
    failures += 1;
    if (failures > 2) return write(work);
    throw new GatewayError('UNAVAILABLE', { message: 'the disk is full' });
  };
  send.answer(DELIVERED);
  const seen = until(id, 'delivered');
  while (failures < 3) {
    clock.advance(1_000);
    await new Promise(setImmediate);
  }
  await seen;
  expect(channels.sent).toEqual(['chat:1']);
});
