/** Messages from chats: stored once by the channel's own id, then handled one at a time in each chat. */
import { sql } from 'kysely';
import { inLane, LANE, type Lane } from './outbox.js';
import { TAKEN_BACK } from './inbox-stops.js';
import { prepare } from '../prepare.js';
import { purgeRows } from '../conversations/purge.js';
import type { InboxState } from '../schema.js';
import { tellOthers, type Transaction } from '../transaction.js';

/** A message to store. */
export interface NewInboxMessage extends Lane {
  readonly id: string;
  /** `updateId` is unique within this scope. */
  readonly scope: string;
  readonly updateId: string;
  readonly peerKind: 'direct' | 'group';
  readonly content: string;
  /** The session's message to answer again, instead of this one. */
  readonly questionId?: string;
  /** The access token that sent it. */
  readonly tokenId?: string | undefined;
}

/** A message as a channel received it. */
export type ReceivedUpdate = Omit<NewInboxMessage, 'id'>;

/** A stored message. */
export interface InboxMessage extends Lane, Pick<NewInboxMessage, 'id' | 'peerKind' | 'content'> {
  readonly seq: number;
  readonly state: InboxState;
  /** The worker that handles it now. */
  readonly instanceId: string | null;
  readonly attempts: number;
  /** The turn of the last attempt. */
  readonly turnId: string | null;
  /** The channel's id of a message that shows the answer while it is being written. */
  readonly previewId: string | null;
  /** How much of the answer the chat has got before a question to a person. */
  readonly sentLength: number | null;
  /** The message to answer again; null: this one. */
  readonly questionId: string | null;
  /** The access token that sent it; null: none. */
  readonly tokenId: string | null;
  /** Why it is not to be answered: known before its end only in a restored database. */
  readonly error: string | null;
  readonly receivedAtMs: number;
}

const MESSAGE = [
  ...LANE,
  ...(['seq', 'id', 'peer_kind as peerKind', 'content', 'state'] as const),
  ...(['instance_id as instanceId', 'attempts', 'turn_id as turnId'] as const),
  ...(['preview_id as previewId', 'sent_length as sentLength', 'question_id as questionId'] as const),
  ...(['token_id as tokenId', 'error', 'received_at as receivedAtMs'] as const),
] as const;

const insert = prepare<
  Omit<NewInboxMessage, 'questionId' | 'tokenId'> & Pick<InboxMessage, 'questionId' | 'tokenId'> & { nowMs: number }
>()((db, p) =>
  db
    .insertInto('inbox_messages')
    .values({
      id: p.id,
      channel: p.channel,
      account_id: p.accountId,
      scope: p.scope,
      update_id: p.updateId,
      chat_id: p.chatId,
      peer_kind: p.peerKind,
      content: p.content,
      state: sql.lit('pending' as const),
      instance_id: null,
      turn_id: null,
      preview_id: null,
      question_id: p.questionId,
      token_id: p.tokenId,
      error: null,
      received_at: p.nowMs,
      finished_at: null,
    })
    .onConflict((conflict) => conflict.columns(['scope', 'update_id']).doNothing()),
);

const selectByUpdate = prepare<{ scope: string; updateId: string }>()((db, p) =>
  db
    .selectFrom('inbox_messages')
    .select(['id', 'chat_id as chatId', 'content', 'error'])
    .where('scope', '=', p.scope)
    .where('update_id', '=', p.updateId),
);

/** Returns the oldest unfinished message of a chat. */
export const { first: readInboxHead } = prepare<Lane>()((db, p) =>
  db.selectFrom('inbox_messages').select(MESSAGE).where(inLane(p)).where('finished_at', 'is', null).orderBy('seq').limit(1),
);

const selectOther = prepare<Lane & { exceptId: string }>()((db, p) =>
  db.selectFrom('inbox_messages').select('seq').where(inLane(p)).where('finished_at', 'is', null).where('id', '!=', p.exceptId).limit(1),
);

/** Returns every chat with unhandled messages of which no worker handles one, the one that has waited longest first. */
export const { all: listInboxLanes } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('inbox_messages')
    .select(LANE)
    .where('finished_at', 'is', null)
    .groupBy(['channel', 'account_id', 'chat_id'])
    .having(sql`max(case state when 'running' then 1 else 0 end)`, '=', sql.lit(0))
    .orderBy(sql`min(seq)`),
);

/** Returns the messages that a worker, live or dead, is handling. */
export const { all: readRunningInbox } = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('inbox_messages')
    .select(MESSAGE)
    .where('finished_at', 'is', null)
    .where('state', '=', sql.lit('running' as const))
    .orderBy('seq'),
);

/**
 * Returns the message that started a turn, with the id of the question in its session; undefined for a turn that no inbox message
 * started.
 */
export const { first: findInboxTurn } = prepare<{ turnId: string }>()((db, p) =>
  db
    .selectFrom('inbox_messages')
    .select((row) => row.fn.coalesce('question_id', 'id').as('questionId'))
    .where('turn_id', '=', p.turnId),
);

export const { first: readInboxMessage } = prepare<{ seq: number }>()((db, p) =>
  db.selectFrom('inbox_messages').select(MESSAGE).where('seq', '=', p.seq),
);

/** Runs in a transaction, before the attempt. */
export const { run: beginInboxAttempt } = prepare<{ seq: number; instanceId: string }>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ state: sql.lit('running' as const), instance_id: p.instanceId, attempts: sql`attempts + 1` })
    .where('seq', '=', p.seq),
);

/** @returns 0 when the message has been taken back. Runs in a transaction. */
export const { run: setInboxTurn } = prepare<{ seq: number; turnId: string; sentLength: number }>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ turn_id: p.turnId, sent_length: p.sentLength })
    .where('seq', '=', p.seq)
    .where('finished_at', 'is', null),
);

/** Runs in a transaction. */
export const { run: setInboxPreview } = prepare<{ seq: number; previewId: string }>()((db, p) =>
  db.updateTable('inbox_messages').set({ preview_id: p.previewId }).where('seq', '=', p.seq),
);

/** Records that the chat has got the beginning of an answer as a whole message. Runs in a transaction. */
export const { run: setInboxSent } = prepare<{ seq: number; sentLength: number }>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ preview_id: sql.lit(null), sent_length: p.sentLength })
    .where('seq', '=', p.seq),
);

const putBack = prepare<{ seq: number; instanceId: string | null; attempts: number }>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ state: sql.lit('pending' as const), instance_id: null, attempts: sql`attempts - ${p.attempts}` })
    .where('seq', '=', p.seq)
    .where('instance_id', 'is not distinct from', p.instanceId),
);

interface Ending {
  readonly seq: number;
  readonly instanceId: string | null;
  readonly state: Exclude<InboxState, 'pending' | 'running' | 'waiting'>;
  readonly error: string | null;
  readonly nowMs: number;
}

const finish = prepare<Ending>()((db, p) =>
  db
    .updateTable('inbox_messages')
    .set({ state: p.state, error: p.error, instance_id: null, finished_at: p.nowMs })
    .where('seq', '=', p.seq)
    .where('state', '=', sql.lit('running' as const))
    .where('instance_id', 'is not distinct from', p.instanceId),
);

/** Where a message is stored. */
export interface StoredUpdate {
  readonly id: string;
  /** Whether it had been received before. */
  readonly isRepeated: boolean;
  /** Whether it had been received and taken back. */
  readonly isTakenBack: boolean;
  /** The message as first received. */
  readonly chatId: string;
  readonly content: string;
}

/** Runs in a transaction. */
export async function insertInboxMessage(tx: Transaction, message: NewInboxMessage & { nowMs: number }): Promise<StoredUpdate> {
  tellOthers(tx, 'inbox');
  const { id, chatId, content, questionId = null, tokenId = null } = message;
  if ((await insert.run(tx, { ...message, questionId, tokenId })) === 1)
    return { id, isRepeated: false, isTakenBack: false, chatId, content };
  const first = await selectByUpdate.first(tx, { scope: message.scope, updateId: message.updateId });
  if (first === undefined) throw new Error(`update ${message.updateId} of ${message.scope} was not stored`);
  const { error, ...known } = first;
  return { ...known, isRepeated: true, isTakenBack: error === TAKEN_BACK };
}

/** Returns whether a chat has unhandled messages other than `exceptId`. */
export async function hasPendingInbox(tx: Transaction, lane: Lane & { exceptId: string }): Promise<boolean> {
  return (await selectOther.first(tx, lane)) !== undefined;
}

/** Puts a message back into the queue. With `countsAttempt` false, the attempt is not counted. Runs in a transaction. */
export async function putBackInbox(
  tx: Transaction,
  change: { seq: number; instanceId: string | null; countsAttempt: boolean },
): Promise<void> {
  const { seq, instanceId, countsAttempt } = change;
  tellOthers(tx, 'inbox');
  await putBack.run(tx, { seq, instanceId, attempts: countsAttempt ? 0 : 1 });
}

/** Returns false when the instance no longer holds the message. Runs in a transaction. */
export async function finishInbox(tx: Transaction, ending: Ending): Promise<boolean> {
  return (await finish.run(tx, ending)) === 1;
}

/** Purges messages handled at `beforeMs` or earlier: one step. Runs in a transaction. Returns their number. */
export function purgeInbox(tx: Transaction, beforeMs: number): Promise<number> {
  return purgeRows(
    tx,
    { table: 'inbox_messages', key: 'seq' },
    sql`finished_at <= ${beforeMs} and state != 'waiting' order by finished_at`,
  );
}
