/**
 * Variants of a conversation. In each session one branch of messages is selected: its conversation. A message outside of it names
 * its predecessor in `parent_seq`; on the branch, a message follows the previous one. A message is never older than its
 * predecessor, so a path is in the order of `seq`.
 */
import { sql } from 'kysely';
import { type Message, MESSAGE_COLUMNS } from './messages.js';
import { prepare } from '../prepare.js';
import { countMessages } from './sessions.js';
import { queriesOf, type Transaction } from '../transaction.js';

interface Place {
  readonly sessionId: number;
  readonly seq: number;
}

const selectBefore = prepare<Place>()((db, p) =>
  db
    .selectFrom('messages')
    .select(({ fn }) => fn.max<number | null>('seq').as('seq'))
    .where('session_id', '=', p.sessionId)
    .where('parent_seq', 'is', null)
    .where('seq', '<', p.seq),
);

/** Returns the question on the chosen branch to which the message at a place belongs. */
export const { first: questionOf } = prepare<Place>()((db, p) =>
  db
    .selectFrom('messages')
    .select(MESSAGE_COLUMNS)
    .where('session_id', '=', p.sessionId)
    .where('parent_seq', 'is', null)
    .where('seq', '<=', p.seq)
    .where('role', '=', sql.lit('user' as const))
    .orderBy('seq', 'desc')
    .limit(1),
);

const setParent = prepare<{ seq: number; parentSeq: number | null }>()((db, p) =>
  db.updateTable('messages').set({ parent_seq: p.parentSeq }).where('seq', '=', p.seq),
);

/** Returns the uses of tools of a turn after a message, on the chosen branch. */
export const { all: listToolMessages } = prepare<{ sessionId: number; turnId: string; afterSeq: number }>()((db, p) =>
  db
    .selectFrom('messages')
    .select(MESSAGE_COLUMNS)
    .where('session_id', '=', p.sessionId)
    .where('seq', '>', p.afterSeq)
    .where('turn_id', '=', p.turnId)
    .where('role', '=', sql.lit('tool' as const))
    .where('parent_seq', 'is', null)
    .orderBy('seq'),
);

const selectAsideText = prepare<{ sessionId: number; turnId: string }>()((db, p) =>
  db
    .selectFrom('messages')
    .select('content')
    .where('session_id', '=', p.sessionId)
    .where('parent_seq', 'is not', null)
    .where('turn_id', '=', p.turnId)
    .where('role', '=', sql.lit('assistant' as const)),
);

const selectAny = prepare<{ sessionId: number }>()((db, p) =>
  db.selectFrom('messages').select('seq').where('session_id', '=', p.sessionId).where('parent_seq', 'is not', null).limit(sql.lit(1)),
);

const selectAside = prepare<{ sessionId: number; fromSeq: number; toSeq: number }>()((db, p) =>
  db
    .selectFrom('messages')
    .select(['seq', 'id', 'parent_seq'])
    .where('session_id', '=', p.sessionId)
    .where('parent_seq', '>=', p.fromSeq)
    .where('parent_seq', '<=', p.toSeq)
    .orderBy('seq'),
);

/** Returns the `seq` of the message before a place on the chosen branch; 0 at its beginning. */
export async function seqBefore(tx: Transaction, place: Place): Promise<number> {
  return (await selectBefore.first(tx, place))?.seq ?? 0;
}

/**
 * Removes messages after a position from the chosen branch, each then following the previous one. Returns their `seq`. Runs in a
 * write.
 */
async function setAside(tx: Transaction, { sessionId, seq, turnId }: Place & { turnId?: string }): Promise<number[]> {
  const ofTurn = turnId === undefined ? sql`` : sql`and turn_id = ${turnId}`;
  const { rows } = await sql<{ seq: number }>`update messages set parent_seq = path.previous from (
      select seq, lag(seq, 1, cast(${seq} as bigint)) over (order by seq) as previous from messages
      where session_id = ${sessionId} and parent_seq is null and seq > ${seq} ${ofTurn}
    ) as path where messages.seq = path.seq returning messages.seq`.execute(queriesOf(tx));
  if (rows.length > 0) await countMessages(tx, { id: sessionId, count: -rows.length });
  return rows.map((row) => row.seq);
}

/** Removes all messages after a place from the chosen branch; they can be chosen again. Returns their number. Runs in a transaction. */
export async function leavePath(tx: Transaction, place: Place): Promise<number> {
  return (await setAside(tx, place)).length;
}

/** Sets aside the messages of a turn after its question, each following the one before. Returns the `seq` of the last one, or of the question. Runs in a transaction. */
export async function setTurnAside(tx: Transaction, turn: { sessionId: number; turnId: string; questionSeq: number }): Promise<number> {
  const { sessionId, turnId, questionSeq: seq } = turn;
  const aside = await setAside(tx, { sessionId, turnId, seq });
  return aside.reduce((last, each) => Math.max(last, each), seq);
}

/** Sets aside a question and the messages of its turn: it is asked again elsewhere. Runs in a transaction. */
export async function setQuestionAside(tx: Transaction, turn: { sessionId: number; turnId: string; questionSeq: number }): Promise<void> {
  const { sessionId, questionSeq: seq } = turn;
  await setParent.run(tx, { seq, parentSeq: await seqBefore(tx, { sessionId, seq }) });
  await countMessages(tx, { id: sessionId, count: -1 });
  await setTurnAside(tx, turn);
}

/** Returns the answer of an interrupted turn that was set aside; empty without one. */
export async function readAsideText(tx: Transaction, turn: { sessionId: number; turnId: string }): Promise<string> {
  return (await selectAsideText.first(tx, turn))?.content ?? '';
}

/** Returns whether the session has messages that are not on its chosen branch. */
export async function hasAside(tx: Transaction, sessionId: number): Promise<boolean> {
  return (await selectAny.first(tx, { sessionId })) !== undefined;
}

/** Returns the messages that are not on the chosen branch, by predecessor, oldest first. */
export async function readAside(
  tx: Transaction,
  range: { sessionId: number; fromSeq: number; toSeq: number },
): Promise<ReadonlyMap<number, readonly { readonly seq: number; readonly id: string }[]>> {
  const found = new Map<number, { seq: number; id: string }[]>();
  for (const { seq, id, parent_seq: parentSeq } of await selectAside.all(tx, range)) {
    if (parentSeq !== null) found.set(parentSeq, [...(found.get(parentSeq) ?? []), { seq, id }]);
  }
  return found;
}

/**
 * Puts a message on the chosen branch, with the newest messages that follow it. Runs in a transaction. @returns the `seq` of the
 * last message that keeps its place
 */
export async function choosePath(tx: Transaction, { sessionId, seq, parentSeq }: Message): Promise<number> {
  if (parentSeq === null) return seq;
  const up = sql`up (seq, parent_seq) as (
      select seq, parent_seq from messages where seq = ${seq}
      union all select above.seq, above.parent_seq from messages as above join up on above.seq = up.parent_seq where up.parent_seq is not null
    )`;
  // The path starts after the first message that is on the chosen branch already, if there is one.
  const first = await sql<{ seq: number }>`with recursive ${up} select seq from up where parent_seq is null`.execute(queriesOf(tx));
  const fork = first.rows[0]?.seq ?? 0;
  await leavePath(tx, { sessionId, seq: fork });
  const { numAffectedRows = 0n } = await sql`with recursive ${up}, down (seq) as (
      select cast(${seq} as bigint)
      union all select (
        select max(below.seq) from messages as below where below.session_id = ${sessionId} and below.parent_seq = down.seq
      ) from down where down.seq is not null
    ) update messages set parent_seq = null
      where seq in (select seq from up where parent_seq is not null union all select seq from down where seq is not null)`.execute(
    queriesOf(tx),
  );
  await countMessages(tx, { id: sessionId, count: Number(numAffectedRows) });
  return fork;
}
