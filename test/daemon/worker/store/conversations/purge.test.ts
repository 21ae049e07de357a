import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { appendMessage } from '../../../../../daemon/worker/store/conversations/messages.js';
import { insertOutboxMessages } from '../../../../../daemon/worker/store/delivery/outbox.js';
import { purgeOutbox } from '../../../../../daemon/worker/store/delivery/outbox-pages.js';
import { PURGE_ROWS, purgeInSteps, type PurgeStep } from '../../../../../daemon/worker/store/conversations/purge.js';
import type { OutgoingStatus } from '../../../../../shared/delivery-status.js';
import { deleteSession, purgeSessions } from '../../../../../daemon/worker/store/conversations/session-removal.js';
import { addSession, openStore, session } from '../../../../helpers/open-store.js';
import { isOnPostgres } from '../../../../helpers/store-engine.js';
import { queriesOf, type Transaction } from '../../../../../daemon/worker/store/transaction.js';

async function addOutbox(tx: Transaction, id: string, row: { state: OutgoingStatus; finishedAtMs: number }): Promise<void> {
  const lane = { channel: 'webhook', accountId: 'default', chatId: 'chat' };
  await insertOutboxMessages(tx, [{ ...lane, id, content: 'x', bodies: ['x'], nowMs: 1, expiresAtMs: 2 }]);
  await queriesOf(tx)
    .updateTable('outbox_messages')
    .set({ state: row.state, finished_at: row.finishedAtMs })
    .where('id', '=', id)
    .execute();
}

const count = async (tx: Transaction, table: 'outbox_messages' | 'outbox_parts' | 'messages' | 'sessions') =>
  Number(
    (
      await queriesOf(tx)
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirst()
    )?.count,
  );

test('what is past its time is removed in steps, and nothing else is', async () => {
  const store = await openStore();
  const old = 2 * PURGE_ROWS + 50;
  await store.write(async (tx) => {
    for (let index = 0; index < old; index += 1) await addOutbox(tx, `old-${index}`, { state: 'delivered', finishedAtMs: 10 });
    await addOutbox(tx, 'dead', { state: 'dead', finishedAtMs: 10 });
    await addOutbox(tx, 'long dead', { state: 'dead', finishedAtMs: 5 });
    await addOutbox(tx, 'new', { state: 'delivered', finishedAtMs: 11 });
  });
  const steps: number[] = [];
  const step: PurgeStep = async (tx) => {
    steps.push(await purgeOutbox(tx, { deliveredMs: 10, otherMs: 5 }));
    return steps.at(-1) ?? 0;
  };
  await purgeInSteps(store, step, () => true);
  expect(steps).toEqual([PURGE_ROWS, PURGE_ROWS, 51, 0]);
  const left = await store.read((tx) => queriesOf(tx).selectFrom('outbox_messages').select('id').orderBy('id').execute());
  expect(left.map(({ id }) => id)).toEqual(['dead', 'new']);
  expect(await store.read((tx) => count(tx, 'outbox_parts'))).toBe(2);
});

test('a long session is purged in steps too, and a purge stops when asked', async () => {
  const store = await openStore();
  const { id } = await addSession(store, 'long');
  await addSession(store, 'kept');
  const message = { sessionId: id, turnId: null, role: 'user', content: 'text', model: null, status: 'complete', nowMs: 1 } as const;
  await store.write(async (tx) => {
    for (let index = 0; index < PURGE_ROWS + 20; index += 1) await appendMessage(tx, { ...message, id: `m${index}` });
    await deleteSession(tx, { key: session('long').key, nowMs: 2 });
  });
  const step: PurgeStep = (tx) => purgeSessions(tx, 2);
  let asked = 0;
  await purgeInSteps(store, step, () => (asked += 1) === 1);
  expect(await store.read((tx) => count(tx, 'messages'))).toBe(20);
  await purgeInSteps(store, step, () => true);
  expect(await store.read(async (tx) => [await count(tx, 'messages'), await count(tx, 'sessions')])).toEqual([0, 1]);
});

test
  .skipIf(isOnPostgres)
  .each([
    "select seq from outbox_messages where finished_at <= 5 and (state || '' = 'delivered' or finished_at <= 2) order by finished_at limit 200",
    'select seq from inbox_messages where finished_at <= 5 order by finished_at limit 200',
    'select seq from cron_runs where finished_at <= 5 limit 200',
    'select id from sessions where deleted_at <= 5 limit 1',
    "select seq from cron_runs where turn_id = 'turn_1'",
    'select scope, key from idempotency_keys where created_at <= 5 limit 200',
  ])('what is past its time, and what belongs to a turn, is found without looking at the rest: %s', async (statement) => {
  const store = await openStore();
  const { rows } = await store.read((tx) => sql.raw<{ detail: string }>(`explain query plan ${statement}`).execute(queriesOf(tx)));
  for (const { detail } of rows) expect(detail).toMatch(/^SEARCH .* USING (?:COVERING )?INDEX /);
});
