/** Messages on their way to chats outside: the statements. What may follow what is decided in `delivery/`. */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import type { DeliveryState, OutboxMessageRow, OutboxPartRow } from '../schema.js';
import type { Transaction } from '../transaction.js';

/** A chat, as the outbox sees it: what is sent there is sent one after another. */
export interface Lane {
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
}

export interface NewOutboxMessage extends Lane {
  readonly id: string;
  /** The text, for people. */
  readonly content: string;
  /** What is sent, in order. None: the message is delivered by being stored. */
  readonly bodies: readonly string[];
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

type RowValues = Omit<NewOutboxMessage, 'bodies'> & { state: DeliveryState; finishedAtMs: number | null };

const insertRow = prepare<RowValues>()((db, p) =>
  db.insertInto('outbox_messages').values({
    id: p.id,
    channel: p.channel,
    account_id: p.accountId,
    chat_id: p.chatId,
    content: p.content,
    state: p.state,
    due_at: p.nowMs,
    expires_at: p.expiresAtMs,
    created_at: p.nowMs,
    updated_at: p.nowMs,
    finished_at: p.finishedAtMs,
  }),
);

const insertPart = prepare<{ seq: number; part: number; body: string }>()((db, p) =>
  db.insertInto('outbox_parts').values({ message_seq: p.seq, part: p.part, body: p.body, state: sql.lit('queued' as const) }),
);

const selectHead = prepare<Lane>()((db, p) =>
  db
    .selectFrom('outbox_messages')
    .selectAll()
    .where('channel', '=', p.channel)
    .where('account_id', '=', p.accountId)
    .where('chat_id', '=', p.chatId)
    .where('finished_at', 'is', null)
    .orderBy('seq')
    .limit(1),
);

const selectMessage = prepare<{ seq: number }>()((db, p) => db.selectFrom('outbox_messages').selectAll().where('seq', '=', p.seq));

const selectParts = prepare<{ seq: number }>()((db, p) =>
  db.selectFrom('outbox_parts').select(['part', 'state']).where('message_seq', '=', p.seq).orderBy('part'),
);

const selectPart = prepare<{ seq: number; part: number }>()((db, p) =>
  db.selectFrom('outbox_parts').selectAll().where('message_seq', '=', p.seq).where('part', '=', p.part),
);

const selectSending = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('outbox_messages')
    .selectAll()
    .where('state', '=', sql.lit('sending' as const))
    .orderBy('seq'),
);

const selectLanes = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('outbox_messages')
    .select(['channel', 'account_id as accountId', 'chat_id as chatId'])
    .where('finished_at', 'is', null)
    .groupBy(['channel', 'account_id', 'chat_id'])
    .orderBy(sql`min(seq)`),
);

const updateMessage = prepare<MessageChange & { nowMs: number }>()((db, p) =>
  db
    .updateTable('outbox_messages')
    .set({
      state: p.state,
      instance_id: p.instanceId,
      due_at: p.dueAtMs,
      attempted_at: p.attemptedAtMs,
      last_error: p.lastError,
      finished_at: p.finishedAtMs,
      updated_at: p.nowMs,
    })
    .where('seq', '=', p.seq),
);

const updatePart = prepare<{ seq: number; part: number; state: DeliveryState; attempts: number }>()((db, p) =>
  db
    .updateTable('outbox_parts')
    .set({ state: p.state, attempts: sql`attempts + ${p.attempts}` })
    .where('message_seq', '=', p.seq)
    .where('part', '=', p.part),
);

/** Everything about a message that changes while it is on its way. */
export interface MessageChange {
  readonly seq: number;
  readonly state: DeliveryState;
  readonly instanceId: string | null;
  readonly dueAtMs: number;
  readonly attemptedAtMs: number | null;
  readonly lastError: string | null;
  readonly finishedAtMs: number | null;
}

/** Stores a message and its parts, behind all others of its chat. Runs in a write. */
export async function insertOutboxMessage(tx: Transaction, message: NewOutboxMessage): Promise<void> {
  const { bodies, ...values } = message;
  const isDelivered = bodies.length === 0;
  const seq = await insertRow.insert(tx, {
    ...values,
    state: isDelivered ? 'delivered' : 'queued',
    finishedAtMs: isDelivered ? message.nowMs : null,
  });
  for (const [index, body] of bodies.entries()) await insertPart.run(tx, { seq, part: index + 1, body });
}

/** @returns every chat with something unfinished, the longest waiting first */
export async function listPendingLanes(tx: Transaction): Promise<Lane[]> {
  return selectLanes.all(tx, {});
}

/** @returns the oldest unfinished message of a chat */
export async function readHead(tx: Transaction, lane: Lane): Promise<OutboxMessageRow | undefined> {
  return selectHead.first(tx, lane);
}

export async function readOutboxMessage(tx: Transaction, seq: number): Promise<OutboxMessageRow | undefined> {
  return selectMessage.first(tx, { seq });
}

/** @returns the parts in order, without their bodies */
export async function readPartStates(tx: Transaction, seq: number): Promise<{ part: number; state: DeliveryState }[]> {
  return selectParts.all(tx, { seq });
}

export async function readPart(tx: Transaction, key: { seq: number; part: number }): Promise<OutboxPartRow | undefined> {
  return selectPart.first(tx, key);
}

/** @returns every message that some worker, dead or alive, is sending */
export async function readSending(tx: Transaction): Promise<OutboxMessageRow[]> {
  return selectSending.all(tx, {});
}

/** Runs in a write. */
export async function changeMessage(tx: Transaction, change: MessageChange & { nowMs: number }): Promise<void> {
  await updateMessage.run(tx, change);
}

/** Runs in a write. `attempts` is added to the part's. */
export async function changePart(
  tx: Transaction,
  change: { seq: number; part: number; state: DeliveryState; attempts: number },
): Promise<void> {
  await updatePart.run(tx, change);
}
