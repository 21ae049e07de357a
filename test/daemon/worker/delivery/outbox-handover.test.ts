import { expect, test, vi } from 'vitest';
import { readLeaseOwner } from '../../../../daemon/worker/store/leases.js';
import { makeOutbox } from '../../../helpers/outbox-fixture.js';
import { openStore } from '../../../helpers/open-store.js';
import { releaseAccounts } from '../../../../daemon/worker/store/delivery/account-leases.js';
import { ScriptedChannels } from '../../../helpers/scripted-channels.js';

const DELIVERED = { type: 'delivered' } as const;

test('an outbox that stops claims nothing more and lets what is being sent end', async () => {
  const { outbox, channels, put, read } = await makeOutbox();
  await outbox.start();
  const first = await put('chat', '1');
  const second = await put('chat', '2');
  const send = await channels.next();
  const stopped = outbox.stop(2_000);
  send.answer(DELIVERED);
  await stopped;
  expect(await read(first)).toMatchObject({ state: 'delivered', attempts: 1 });
  expect(await read(second)).toMatchObject({ state: 'queued', attempts: 0 });
  expect(channels.sent).toEqual(['chat:1']);
});

const CUT = [
  {
    title: 'put back when nothing had been sent',
    isIdempotent: false,
    outcome: { type: 'interrupted' } as const,
    expected: { state: 'queued', attempts: 0 },
  },
  {
    title: 'put back when a repetition does no harm',
    isIdempotent: true,
    outcome: { type: 'unknown', reason: 'cut' } as const,
    expected: { state: 'queued', attempts: 0 },
  },
  {
    title: 'unknown when it may have arrived',
    isIdempotent: false,
    outcome: { type: 'unknown', reason: 'cut' } as const,
    expected: { state: 'unknown' },
  },
];

test.each(CUT)('a send that does not end in time is aborted and $title', async ({ isIdempotent, outcome, expected }) => {
  const { outbox, channels, put, read, clock } = await makeOutbox();
  if (isIdempotent) channels.idempotent.add('a');
  channels.cutOutcome = outcome;
  await outbox.start();
  const id = await put('chat', '1');
  const { signal } = await channels.next();
  const stopped = outbox.stop(2_000);
  expect(signal.aborted).toBe(false);
  clock.advance(2_000);
  await stopped;
  expect(signal.aborted).toBe(true);
  expect(await read(id)).toMatchObject(expected);
});

test('a body that takes the place of another is stored before it is sent', async () => {
  const store = await openStore();
  const dead = await makeOutbox({ store, instanceId: 'wk_dead' });
  await dead.outbox.start();
  const id = await dead.put('chat', 'edit');
  await dead.channels.answer({ type: 'changed', body: 'new' });
  expect((await dead.channels.next()).delivery.body).toBe('new');

  const next = await makeOutbox({ store, clock: dead.clock, instanceId: 'wk_next' });
  next.channels.idempotent.add('edit');
  await next.outbox.start();
  expect([await next.read(id), next.channels.sent]).toMatchObject([{ state: 'unknown' }, []]);
});

test('what a dead worker was sending is sent again with the same id and body, or is unknown', async () => {
  const store = await openStore();
  const dead = await makeOutbox({ store, instanceId: 'wk_dead' });
  await dead.outbox.start();
  const safe = await dead.put('x', 'same\u0000bytes', { accountId: 'safe' });
  const unsafe = await dead.put('y', '1', { accountId: 'unsafe' });
  const behind = await dead.put('y', '2', { accountId: 'unsafe' });
  const before = [await dead.channels.next(), await dead.channels.next()];

  const channels = new ScriptedChannels();
  channels.idempotent.add('safe');
  const next = await makeOutbox({ store, channels, clock: dead.clock, instanceId: 'wk_next' });
  await next.outbox.start();
  const sends = [await channels.answer(DELIVERED), await channels.answer(DELIVERED)];
  await next.until(safe, 'delivered');
  await next.until(behind, 'delivered');
  expect(sends[0]?.delivery).toEqual(before[0]?.delivery);
  expect(await next.read(unsafe)).toMatchObject({
    state: 'unknown',
    lastError: 'the worker ended during the send; the message may have arrived',
  });
  expect(channels.sent).toEqual(['x:same\u0000bytes', 'y:2']);
  expect(next.log.entries.map(({ level }) => level)).toEqual(['info', 'warn']);
  expect(next.told.slice(0, 2)).toEqual([`${safe} queued`, `${unsafe} unknown`]);

  // The dead one was only taken for dead: what it reports now changes nothing.
  before[1]?.answer({ type: 'refused', reason: 'too late' });
  before[0]?.answer(DELIVERED);
  await dead.outbox.stop(1_000);
  expect(await next.read(unsafe)).toMatchObject({ state: 'unknown' });
});

test.each([
  { title: 'unknown', repeatable: [], sent: ['chat:three', 'chat:later'], state: 'unknown' },
  { title: 'sent again', repeatable: ['a'], sent: ['chat:two', 'chat:three', 'chat:later'], state: 'delivered' },
  { title: 'sent again if only it may be', repeatable: ['two'], sent: ['chat:two', 'chat:three', 'chat:later'], state: 'delivered' },
])(
  'when a worker dies between the parts of a message, the rest follows in order, and the part it was sending is $title',
  async (expected) => {
    const store = await openStore();
    const dead = await makeOutbox({ store, instanceId: 'wk_dead' });
    await dead.outbox.start();
    const id = await dead.put('chat', 'one\ntwo\nthree');
    const later = await dead.put('chat', 'later');
    await dead.channels.answer(DELIVERED);
    expect((await dead.channels.next()).delivery.id).toBe(`${id}.2`);

    const next = await makeOutbox({ store, clock: dead.clock, instanceId: 'wk_next' });
    for (const what of expected.repeatable) next.channels.idempotent.add(what);
    await next.outbox.start();
    for (const _part of expected.sent) await next.channels.answer(DELIVERED);
    await next.until(later, 'delivered');
    expect(next.channels.sent).toEqual(expected.sent);
    expect(await next.read(id)).toMatchObject({ state: expected.state, parts: 3 });
  },
);

test('what a worker takes in while it ends is found by its successor, and what it is sending is left to it', async () => {
  const store = await openStore();
  const live = ['wk_old', 'wk_new'];
  const old = await makeOutbox({ store, instanceId: 'wk_old', liveInstanceIds: () => live });
  await old.outbox.start();
  const held = await old.put('chat', '1');
  const send = await old.channels.next();
  void old.outbox.stop(60_000);
  const next = await makeOutbox({ store, clock: old.clock, instanceId: 'wk_new', liveInstanceIds: () => live });
  await next.outbox.start();
  const late = await old.put('elsewhere', '2');
  const behind = await old.put('chat', '3');
  next.outbox.wake({ channel: 'test', accountId: 'a', chatId: 'elsewhere' });
  await next.advance(2_000);
  // Until the old one releases it, the account is its own.
  expect(next.channels.sent).toEqual([]);
  await store.write((tx) => releaseAccounts(tx, 'wk_old'));
  await next.untilPending();
  await next.channels.answer(DELIVERED);
  await next.until(late, 'delivered');
  send.answer(DELIVERED);
  await next.until(held, 'delivered');
  live.shift();
  await next.untilPending();
  const last = await next.channels.answer(DELIVERED);
  await next.until(behind, 'delivered');
  expect(last.delivery.body).toBe('3');
  expect([...old.channels.sent, ...next.channels.sent].toSorted()).toEqual(['chat:1', 'chat:3', 'elsewhere:2']);
});

test('two living workers share the accounts: whoever sends first for one keeps it, and its lanes are not tried again and again by the other', async () => {
  const store = await openStore();
  const live = ['wk_1', 'wk_2'];
  const one = await makeOutbox({ store, instanceId: 'wk_1', liveInstanceIds: () => live });
  const two = await makeOutbox({ store, clock: one.clock, instanceId: 'wk_2', liveInstanceIds: () => live });
  await one.outbox.start();
  await two.outbox.start();
  const first = await one.put('chat', '1', { accountId: 'a' });
  await one.channels.answer(DELIVERED);
  await one.until(first, 'delivered');
  const other = await two.put('chat', '2', { accountId: 'b', id: 'msg_b' });
  await two.channels.answer(DELIVERED);
  await two.until(other, 'delivered');
  // Taken in by the one, sent by the other.
  one.channels.unready.add('a');
  const crossed = await two.put('chat', '3', { accountId: 'a', id: 'msg_3' });
  await two.advance(500);
  const writes = vi.spyOn(store, 'write');
  // Without the help of `advance`, which writes.
  for (let step = 0; step < 10; step += 1) {
    two.clock.advance(500);
    for (let turn = 0; turn < 5; turn += 1) await store.read((tx) => readLeaseOwner(tx, 'any'));
  }
  // The one is the claim that found the account taken.
  expect(writes.mock.calls.length).toBeLessThanOrEqual(1);
  expect(two.channels.sent).toEqual(['chat:2']);
  one.channels.unready.clear();
  one.outbox.wakeAccount('test', 'a');
  await one.channels.answer(DELIVERED);
  await one.until(crossed, 'delivered');
  expect(one.channels.sent).toEqual(['chat:1', 'chat:3']);
  // Its holder dies.
  one.channels.unready.add('a');
  const left = await two.put('chat', '4', { accountId: 'a', id: 'msg_4' });
  live.shift();
  await two.untilPending();
  await two.channels.answer(DELIVERED);
  await two.until(left, 'delivered');
});

test('a worker that others may take for dead sends nothing until it is valid again', async () => {
  const { outbox, channels, put, until, validity, advance, untilPending, read } = await makeOutbox();
  await outbox.start();
  validity.ms = 4_999;
  const id = await put('chat', '1');
  await advance(10_000);
  expect(channels.sent).toEqual([]);
  validity.ms = 5_000;
  await untilPending();
  await channels.answer(DELIVERED);
  await until(id, 'delivered');
  expect(await read(id)).toMatchObject({ attempts: 1 });
});
