import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { readAccountMessages } from '../../../../../daemon/worker/store/delivery/account-messages.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';
import { openStore } from '../../../../helpers/open-store.js';

const account = (accountId: string) => ({ channel: 'webhook', accountId });

test('the messages of each account are counted, with the oldest that waits, the newest error and the last delivery', async () => {
  const store = await openStore();
  let count = 0;
  const put = (message: { accountId: string; state: string; atMs: number; finishedAtMs?: number; error?: string }) => {
    const { accountId, state, atMs, finishedAtMs = null, error = null } = message;
    const id = `msg_${(count += 1)}`;
    return store.write(
      async (tx) =>
        void (await sql`
          insert into outbox_messages
            (id, channel, account_id, chat_id, content, state, due_at, expires_at, created_at, updated_at, finished_at, last_error)
          values (${id}, 'webhook', ${accountId}, 'chat', 'text', ${state}, 0, 0, ${atMs}, ${atMs}, ${finishedAtMs}, ${error})`.execute(
          queriesOf(tx),
        )),
    );
  };
  await put({ accountId: 'a', state: 'delivered', atMs: 10, finishedAtMs: 15, error: 'a passing one' });
  await put({ accountId: 'a', state: 'dead', atMs: 20, finishedAtMs: 25, error: 'no such chat' });
  await put({ accountId: 'a', state: 'unknown', atMs: 30, finishedAtMs: 35, error: 'cut' });
  await put({ accountId: 'a', state: 'retry_wait', atMs: 40, error: 'refused' });
  await put({ accountId: 'a', state: 'queued', atMs: 50 });
  await put({ accountId: 'b', state: 'delivered', atMs: 60, finishedAtMs: 65 });
  await put({ accountId: 'gone', state: 'queued', atMs: 70 });
  const read = await store.read((tx) => readAccountMessages(tx, [account('b'), account('a'), account('none')], 30));
  const nothing = { waiting: 0, oldestWaitingAtMs: null, retrying: 0, dead: 0, unknown: 0, lost: 0, lastError: null };
  expect(read).toEqual([
    { ...account('b'), ...nothing, lastDeliveredAtMs: 65 },
    {
      ...account('a'),
      waiting: 2,
      oldestWaitingAtMs: 40,
      retrying: 1,
      dead: 1,
      unknown: 1,
      lost: 1,
      lastError: { message: 'refused', atMs: 40 },
      lastDeliveredAtMs: 15,
    },
    { ...account('none'), ...nothing, lastDeliveredAtMs: null },
  ]);
});
