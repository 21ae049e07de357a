import { CompiledQuery, sql } from 'kysely';
import { expect, test } from 'vitest';
import { listOutbox, outboxQuery, type OutboxPage } from '../../../../../daemon/worker/store/delivery/outbox-pages.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { OUTGOING_STATUSES } from '../../../../../shared/delivery-status.js';
import { openStore } from '../../../../helpers/open-store.js';
import { isOnPostgres } from '../../../../helpers/store-engine.js';
import { queriesOf } from '../../../../../daemon/worker/store/transaction.js';

/** Of the channels `a` and `b` in turn; every tenth in another state. */
async function fill(store: Store, count: number): Promise<void> {
  await store.write(
    async (tx) =>
      void (await sql`
        insert into outbox_messages (id, channel, account_id, chat_id, content, state, due_at, expires_at, created_at, updated_at)
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})
        select 'msg_' || n, case n % 2 when 0 then 'a' else 'b' end, 'default', 'chat', 'text',
          case n % 10 when 0 then 'dead' when 1 then 'unknown' else 'delivered' end, 0, 0, 0, 0
        from numbers`.execute(queriesOf(tx))),
  );
}

const seqs = async (store: Store, page: Partial<OutboxPage>): Promise<number[]> =>
  (await store.read((tx) => listOutbox(tx, { limit: 4, ...page }))).map(({ seq }) => seq);

const FILTERS: Partial<OutboxPage>[] = [
  {},
  { beforeSeq: 500 },
  ...OUTGOING_STATUSES.flatMap((state) => [{ state }, { state, beforeSeq: 500 }, { state, channel: 'a', beforeSeq: 500 }]),
  { channel: 'a' },
  { channel: 'nowhere' },
  { channel: 'a', beforeSeq: 500 },
];

test.skipIf(isOnPostgres).each(FILTERS)('%j walks an index and nothing else', async (filter) => {
  const store = await openStore();
  const plan = await store.read(async (tx) => {
    const { sql: text, parameters } = outboxQuery(tx, { limit: 51, ...filter }).compile();
    return queriesOf(tx).executeQuery<{ detail: string }>(CompiledQuery.raw(`explain query plan ${text}`, [...parameters]));
  });
  const steps = plan.rows.map(({ detail }) => detail);
  // The only walk without a key is the one over the table's own order, which the page's limit ends.
  const isBounded = (step: string): boolean => !step.startsWith('SCAN outbox_messages') || Object.keys(filter).length === 0;
  expect(steps.filter((step) => !isBounded(step))).toEqual([]);
  expect(steps.filter((step) => step.includes('SCAN outbox_parts'))).toEqual([]);
  // What is sorted is what a page can hold, at most.
  expect(steps.filter((step) => step.includes('TEMP B-TREE') && filter.channel === undefined)).toEqual([]);
});

test('filters give what they say, newest first', async () => {
  const store = await openStore();
  await fill(store, 100);
  expect(await seqs(store, {})).toEqual([100, 99, 98, 97]);
  expect(await seqs(store, { channel: 'a' })).toEqual([100, 98, 96, 94]);
  expect(await seqs(store, { channel: 'a', beforeSeq: 91 })).toEqual([90, 88, 86, 84]);
  expect(await seqs(store, { channel: 'a', state: 'dead' })).toEqual([100, 90, 80, 70]);
  expect(await seqs(store, { channel: 'b', state: 'dead' })).toEqual([]);
  expect(await seqs(store, { state: 'unknown', beforeSeq: 20 })).toEqual([11, 1]);
  expect(await seqs(store, { channel: 'nowhere' })).toEqual([]);
});
