import { expect, test } from 'vitest';
import { type InboxHandler, InboxQueue } from '../../../../daemon/worker/delivery/inbox-queue.js';
import { beginInboxAttempt, insertInboxMessage } from '../../../../daemon/worker/store/delivery/inbox.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { accessOf, queriesOf, type Transaction } from '../../../../daemon/worker/store/transaction.js';
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

test('a look asks as much of the database for many chats as for few, and leaves out those that wait for a person', async () => {
  const store = await openStore();
  const liveness = createLiveness('wk_1', () => ['wk_1']);
  const options = { clock: new FakeClock(), logger: logMemory(), liveness, outbox: { wake: () => undefined } };
  const queue = new InboxQueue({ ...options, instanceId: 'wk_1' }, { canHandle: () => true } as unknown as InboxHandler);
  const receive = (chatId: string, content: string) =>
    store.write(async (tx) => {
      const id = `${chatId} ${content}`;
      const where = { channel: 'webhook', accountId: 'default', chatId, scope: 's', updateId: id } as const;
      await insertInboxMessage(tx, { ...where, id, peerKind: 'direct', content, nowMs: 1_000 });
      const { seq } = await queriesOf(tx).selectFrom('inbox_messages').select('seq').where('id', '=', id).executeTakeFirstOrThrow();
      return seq;
    });
  for (const chatId of ['waits', 'decides']) {
    const seq = await receive(chatId, 'pay');
    await store.write((tx) => beginInboxAttempt(tx, { seq, instanceId: 'wk_1' }));
    await store.write((tx) => parkInbox(tx, { seq, instanceId: 'wk_1', nowMs: 1_000 }));
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
