import { expect, test } from 'vitest';
import { MESSAGE_TTL_MS } from '../../../../daemon/worker/delivery/delivery-policy.js';
import { type InboxHandler, InboxQueue } from '../../../../daemon/worker/delivery/inbox-queue.js';
import { beginInboxAttempt, finishInbox, insertInboxMessage, putBackInbox } from '../../../../daemon/worker/store/delivery/inbox.js';
import { GatewayError } from '../../../../shared/errors.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { accessOf, queriesOf, type Transaction } from '../../../../daemon/worker/store/transaction.js';
import { MAX_ATTEMPTS } from '../../../../daemon/worker/turns/interrupted-turn.js';
import { parkInbox } from '../../../../daemon/worker/store/turns/waiting-turns.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { openStore } from '../../../helpers/open-store.js';

/** Returns a transaction whose prepared statements are counted. */
function counted(tx: Transaction): { readonly tx: Transaction; readonly count: () => number } {
  const access = accessOf(tx);
  let count = 0;
  const run: typeof access.run = (...statement) => {
    count += 1;
    return access.run(...statement);
  };
  const first: typeof access.first = (...statement) => {
    count += 1;
    return access.first(...statement);
  };
  return { tx: { ...access, run, first } as unknown as Transaction, count: () => count };
}

const INSTANCE = { instanceId: 'wk_1' };
const lane = (chatId: string) => ({ channel: 'webhook', accountId: 'default', chatId });

async function makeQueue(handler: Partial<InboxHandler> = {}) {
  const store = await openStore();
  const clock = new FakeClock();
  const liveness = createLiveness('wk_1', () => ['wk_1']);
  const options = { clock, logger: logMemory(), liveness, outbox: { wake: () => undefined }, ...INSTANCE };
  const known = { hasAccount: () => true, canHandle: () => true, needsOf: () => [], ...handler };
  const queue = new InboxQueue(options, known as unknown as InboxHandler);
  const receive = (chatId: string, content: string) =>
    store.write(async (tx) => {
      const id = `${chatId} ${content}`;
      await insertInboxMessage(tx, { ...lane(chatId), scope: 's', updateId: id, id, peerKind: 'direct', content, nowMs: clock.now() });
      const { seq } = await queriesOf(tx).selectFrom('inbox_messages').select('seq').where('id', '=', id).executeTakeFirstOrThrow();
      return seq;
    });
  const states = () => store.read((tx) => queriesOf(tx).selectFrom('inbox_messages').select(['content', 'state']).orderBy('seq').execute());
  return { store, clock, liveness, queue, receive, states };
}

test('a look asks as much of the database for many chats as for few, and leaves out those that wait for a person', async () => {
  const { store, queue, liveness, receive } = await makeQueue();
  for (const chatId of ['waits', 'decides']) {
    const seq = await receive(chatId, 'pay');
    await store.write((tx) => beginInboxAttempt(tx, { seq, ...INSTANCE }));
    await store.write((tx) => parkInbox(tx, { seq, ...INSTANCE, nowMs: 1_000 }));
  }
  await receive('waits', 'and?');
  await receive('decides', '/approve 1');
  const look = () =>
    store.read(async (tx) => {
      const watched = counted(tx);
      const lanes = await queue.listLanes(watched.tx, liveness);
      return { chats: lanes.map(({ chatId }) => chatId), statements: watched.count() };
    });
  const few = await look();
  expect(few.chats).toEqual(['decides']);
  for (let chat = 0; chat < 20; chat += 1) await receive(`${chat}`, 'hi');
  const many = await look();
  expect(many.chats).toHaveLength(21);
  expect(many.statements).toBe(few.statements);
});

test('messages of an account that is not configured wait for it for a day', async () => {
  let isConfigured = false;
  const { store, clock, queue, liveness, receive, states } = await makeQueue({
    hasAccount: () => isConfigured,
    canHandle: () => isConfigured,
  });
  const beganAtMs = clock.now();
  const claim = () => store.write((tx) => queue.claim(tx, lane('chat'), true));
  await receive('chat', 'old');
  expect(await claim()).toMatchObject({ type: 'wait' });
  clock.advance(1_000);
  await receive('chat', 'new');
  expect(await store.read((tx) => queue.listLanes(tx, liveness))).toEqual([lane('chat')]);
  expect(await claim()).toMatchObject({ type: 'wait', untilMs: beganAtMs + MESSAGE_TTL_MS });
  clock.advance(MESSAGE_TTL_MS - 1_000);
  expect(await claim()).toMatchObject({ type: 'wait', untilMs: beganAtMs + 1_000 + MESSAGE_TTL_MS });
  isConfigured = true;
  expect(await claim()).toMatchObject({ type: 'item', item: { content: 'new' } });
  expect(await states()).toEqual([
    { content: 'old', state: 'failed' },
    { content: 'new', state: 'running' },
  ]);
});

test('the day begins when the account goes away, and again each time', async () => {
  let isConfigured = true;
  const { store, clock, queue, receive, states } = await makeQueue({ hasAccount: () => isConfigured, canHandle: () => isConfigured });
  const claim = () => store.write((tx) => queue.claim(tx, lane('chat'), true));
  for (const text of ['pay', 'and?']) await receive('chat', text);
  for (let time = 0; time < 2; time += 1) {
    clock.advance(MESSAGE_TTL_MS);
    isConfigured = false;
    expect(await claim()).toMatchObject({ type: 'wait', untilMs: clock.now() + MESSAGE_TTL_MS });
    isConfigured = true;
    expect(await claim()).toMatchObject({ type: 'item' });
    await store.write((tx) => putBackInbox(tx, { seq: 1, ...INSTANCE, countsAttempt: true }));
  }
  expect((await states()).map(({ state }) => state)).toEqual(['pending', 'pending']);
});

test('a stop request that is handled again, because its worker died, says how many messages it has taken back', async () => {
  const { store, clock, queue, receive } = await makeQueue();
  const claim = () => store.write((tx) => queue.claim(tx, lane('chat'), true));
  for (const text of ['old', '/stop']) await receive('chat', text);
  expect(await claim()).toMatchObject({ item: { content: '/stop', withdrawn: 1 } });
  await store.write((tx) => finishInbox(tx, { seq: 2, ...INSTANCE, state: 'done', error: null, nowMs: clock.now() }));
  clock.advance(1_000);
  for (const text of ['one', 'two', 'stop', '/stop now']) await receive('chat', text);
  expect(await claim()).toMatchObject({ item: { content: '/stop now', withdrawn: 3 } });
  const next = createLiveness('wk_2', () => ['wk_2']);
  await store.write((tx) => queue.recover(tx, next));
  expect(await claim()).toMatchObject({ item: { content: '/stop now', withdrawn: 3 } });
});

test('a stop request does not take back messages of a restored state, which were to get no answer', async () => {
  const notes: string[] = [];
  const note: InboxHandler['note'] = async (_tx, { content }, text) => void notes.push(`${content}: ${text}`);
  const { store, queue, receive, states } = await makeQueue({ note });
  await receive('chat', 'old');
  await store.write((tx) => queriesOf(tx).updateTable('inbox_messages').set({ error: 'restored' }).execute());
  for (const text of ['new', '/stop']) await receive('chat', text);
  expect(await store.write((tx) => queue.claim(tx, lane('chat'), true))).toMatchObject({ item: { content: '/stop', withdrawn: 1 } });
  expect(notes).toEqual(['old: Not answered: restored. Send it again if it still matters.']);
  expect((await states()).map(({ state }) => state)).toEqual(['interrupted', 'done', 'running']);
});

test('a message that is only put back is announced to nobody, one that is given up is', async () => {
  const noted: string[] = [];
  let error = new GatewayError('RATE_LIMITED', { message: 'too many turns' });
  const { store, queue, receive, states } = await makeQueue({
    handle: () => Promise.resolve(error),
    notify: () => Promise.resolve(),
    noted: ({ content }) => void noted.push(content),
  });
  const begin = async () => {
    const claim = await store.write((tx) => queue.claim(tx, lane('chat'), true));
    return claim.type === 'item' ? claim.item : undefined;
  };
  await receive('chat', 'pay');
  for (const expected of [[], ['pay']]) {
    const message = await begin();
    if (message === undefined) throw new Error('it is not pending');
    const { record, recorded } = await queue.attempt(message);
    await store.write(async (tx) => record?.(tx));
    recorded?.();
    expect(noted).toEqual(expected);
    error = new GatewayError('INVALID_REQUEST', { message: 'it is too long' });
  }
  await receive('chat', 'crash');
  for (let times = 0; times < MAX_ATTEMPTS; times += 1) {
    expect(noted).toEqual(['pay']);
    await begin();
    const report = await store.write((tx) =>
      queue.recover(
        tx,
        createLiveness('wk_2', () => ['wk_2']),
      ),
    );
    report();
  }
  expect(noted).toEqual(['pay', 'crash']);
  expect((await states()).map(({ state }) => state)).toEqual(['failed', 'poisoned']);
});
