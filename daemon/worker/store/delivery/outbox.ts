/** Statements on messages to chats. `delivery/` decides which state may follow which. */
import { sql } from 'kysely';
import type { OutgoingStatus } from '../../../../shared/delivery-status.js';
import { prepare, prepareRows, runAll } from '../prepare.js';
import { type BoundStatement, tellOthers, type Transaction } from '../transaction.js';

/** A chat as a lane of a queue: its messages are handled one at a time. */
export interface Lane {
  readonly channel: string;
  readonly accountId: string;
  readonly chatId: string;
}

/** The columns of a lane. */
export const LANE = ['channel', 'account_id as accountId', 'chat_id as chatId'] as const;

/** The condition for the rows of a lane. */
export const inLane = ({ channel, accountId, chatId }: Lane) =>
  sql<boolean>`(channel = ${channel} and account_id = ${accountId} and chat_id = ${chatId})`;

export interface NewOutboxMessage extends Lane {
  readonly id: string;
  /** The text, for people. */
  readonly content: string;
  /** The bodies to send, in order. None: the message is delivered by being stored. */
  readonly bodies: readonly string[];
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

type RowValues = Omit<NewOutboxMessage, 'bodies'> & { state: OutgoingStatus; finishedAtMs: number | null };

const insertRows = prepareRows<RowValues>({
  id: 'text',
  channel: 'text',
  accountId: 'text',
  chatId: 'text',
  content: 'text',
  state: 'text',
  nowMs: 'bigint',
  expiresAtMs: 'bigint',
  finishedAtMs: 'bigint',
})('outbox_messages', (p) => ({
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
}));

const insertParts = prepareRows<{ id: string; part: number; body: string }>({ id: 'text', part: 'bigint', body: 'text' })(
  'outbox_parts',
  (p, db) => ({
    message_seq: db.selectFrom('outbox_messages').select('seq').where('id', '=', p.id),
    part: p.part,
    body: p.body,
    state: sql.lit('queued' as const),
  }),
);

/** A message on its way, without its text and its parts. Times are epoch milliseconds. */
export interface OutboxMessage extends Lane {
  readonly seq: number;
  readonly id: string;
  readonly state: OutgoingStatus;
  /** The worker that sends it now. */
  readonly instanceId: string | null;
  readonly dueAtMs: number;
  readonly attemptedAtMs: number | null;
  readonly expiresAtMs: number;
  readonly lastError: string | null;
  /** The channel's id of what was sent last, if that can be edited. */
  readonly sentId: string | null;
}

/** One request to the channel. */
export interface OutboxPart {
  /** From 1. */
  readonly part: number;
  readonly body: string;
  readonly state: OutgoingStatus;
  readonly attempts: number;
}

const MESSAGE = [
  ...LANE,
  ...(['seq', 'id', 'state', 'instance_id as instanceId'] as const),
  ...(['due_at as dueAtMs', 'attempted_at as attemptedAtMs', 'expires_at as expiresAtMs', 'last_error as lastError'] as const),
  'sent_id as sentId',
] as const;

/** Returns the oldest unfinished message of a chat. */
export const { first: readOutboxHead } = prepare<Lane>()((db, p) =>
  db.selectFrom('outbox_messages').select(MESSAGE).where(inLane(p)).where('finished_at', 'is', null).orderBy('seq').limit(1),
);

const selectMessage = prepare<{ seq: number }>()((db, p) => db.selectFrom('outbox_messages').select(MESSAGE).where('seq', '=', p.seq));

const OPEN = [sql.lit('queued' as const), sql.lit('sending' as const), sql.lit('retry_wait' as const)];

const selectOpenPart = prepare<{ seq: number }>()((db, p) =>
  db
    .selectFrom('outbox_parts')
    .select(['part', 'body', 'state', 'attempts'])
    .where('message_seq', '=', p.seq)
    .where('state', 'in', OPEN)
    .orderBy('part')
    .limit(1),
);

const selectPartStates = prepare<{ seq: number }>()((db, p) =>
  db.selectFrom('outbox_parts').select('state').where('message_seq', '=', p.seq).orderBy('part'),
);

/** Returns every message that a worker, live or dead, is sending. */
export const { all: readSending } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('outbox_messages')
    .select(MESSAGE)
    .where('state', '=', sql.lit('sending' as const))
    .orderBy('seq'),
);

/** Returns every chat with unfinished messages of which no worker sends one, with the `seq` of the oldest, the one that has waited longest first. */
export const { all: listOutboxLanes } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('outbox_messages')
    .select([...LANE, sql<number>`min(seq)`.as('head')])
    .where('finished_at', 'is', null)
    .groupBy(['channel', 'account_id', 'chat_id'])
    .having(sql`max(case state when 'sending' then 1 else 0 end)`, '=', sql.lit(0))
    .orderBy(sql`min(seq)`),
);

const updateMessage = prepare<Required<MessageChange> & { seq: number; sentId: string | null }>()((db, p) =>
  db
    .updateTable('outbox_messages')
    .set({
      state: p.state,
      instance_id: p.instanceId,
      due_at: p.dueAtMs,
      attempted_at: p.attemptedAtMs,
      last_error: p.lastError,
      sent_id: p.sentId,
      finished_at: p.finishedAtMs,
      updated_at: p.nowMs,
    })
    .where('seq', '=', p.seq),
);

/** Changes a part; `attempts` is added to its own. Runs in a transaction. */
export const { run: changePart } = prepare<{ seq: number; part: number; state: OutgoingStatus; attempts: number }>()((db, p) =>
  db
    .updateTable('outbox_parts')
    .set({ state: p.state, attempts: sql`attempts + ${p.attempts}` })
    .where('message_seq', '=', p.seq)
    .where('part', '=', p.part),
);

/** Runs in a transaction. */
export const { run: setPartBody } = prepare<{ seq: number; part: number; body: string }>()((db, p) =>
  db.updateTable('outbox_parts').set({ body: p.body }).where('message_seq', '=', p.seq).where('part', '=', p.part),
);

/** Marks the unfinished parts of a message as dead. Runs in a transaction. */
export const { run: abandonOpenParts } = prepare<{ seq: number }>()((db, p) =>
  db
    .updateTable('outbox_parts')
    .set({ state: sql.lit('dead' as const) })
    .where('message_seq', '=', p.seq)
    .where('state', 'in', OPEN),
);

/** Omitted fields are unchanged; `instanceId` and `finishedAtMs` become null. */
export interface MessageChange {
  readonly state: OutgoingStatus;
  readonly nowMs: number;
  readonly instanceId?: string | null;
  readonly dueAtMs?: number;
  readonly attemptedAtMs?: number | null;
  readonly lastError?: string | null;
  readonly finishedAtMs?: number | null;
}

function toRow({ id, channel, accountId, chatId, content, bodies, nowMs, expiresAtMs }: NewOutboxMessage): RowValues {
  const isDone = bodies.length === 0;
  const state = isDone ? 'delivered' : 'queued';
  return { id, channel, accountId, chatId, content, state, nowMs, expiresAtMs, finishedAtMs: isDone ? nowMs : null };
}

/** Returns the statements that store messages and their parts in this order, after all others of their chats. They run in this write. */
export function addToOutbox(tx: Transaction, messages: readonly NewOutboxMessage[]): BoundStatement[] {
  const parts = messages.flatMap(({ id, bodies }) => bodies.map((body, index) => ({ id, part: index + 1, body })));
  if (parts.length > 0) tellOthers(tx, 'outbox');
  return [...insertRows.of(tx, messages.map(toRow)), ...insertParts.of(tx, parts)];
}

/** Stores messages and their parts in this order, after all others of their chats. Runs in a transaction. */
export function insertOutboxMessages(tx: Transaction, messages: readonly NewOutboxMessage[]): Promise<void> {
  return runAll(tx, addToOutbox(tx, messages));
}

export async function readOutboxMessage(tx: Transaction, seq: number): Promise<OutboxMessage | undefined> {
  return selectMessage.first(tx, { seq });
}

/** Returns the first unfinished part of a message. */
export async function readOpenPart(tx: Transaction, seq: number): Promise<OutboxPart | undefined> {
  return selectOpenPart.first(tx, { seq });
}

/** Returns the state of each part, in order. */
export async function readPartStates(tx: Transaction, seq: number): Promise<OutgoingStatus[]> {
  return (await selectPartStates.all(tx, { seq })).map(({ state }) => state);
}

/** Runs in a transaction. */
export async function changeMessage(tx: Transaction, message: OutboxMessage, change: MessageChange): Promise<void> {
  const { seq, dueAtMs, attemptedAtMs, lastError, sentId } = message;
  await updateMessage.run(tx, { seq, instanceId: null, dueAtMs, attemptedAtMs, lastError, sentId, finishedAtMs: null, ...change });
}
