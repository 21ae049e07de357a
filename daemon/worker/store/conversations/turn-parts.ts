/** The text so far of incomplete answers. It outlives the worker that generates them. */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import { queriesOf, type Transaction } from '../transaction.js';

export interface TurnPart {
  readonly at: number;
  readonly text: string;
}

const selectFrom = prepare<{ turnId: string; at: number }>()((db, p) =>
  db.selectFrom('turn_parts').select(['at', 'text']).where('turn_id', '=', p.turnId).where('at', '>=', p.at).orderBy('at'),
);

/** Runs in a transaction. */
export const { run: removeTurnParts } = prepare<{ turnId: string }>()((db, p) =>
  db.deleteFrom('turn_parts').where('turn_id', '=', p.turnId),
);

/** Adds a piece of text to a running turn; an ended turn is not changed, because its answer is a message. Runs in a transaction. */
export async function appendTurnPart(tx: Transaction, { turnId, at, text }: TurnPart & { turnId: string }): Promise<void> {
  await sql`insert into turn_parts (turn_id, at, text)
    select id, ${at}, ${text} from turns where id = ${turnId} and state = 'running'
    on conflict (turn_id, at) do update set text = excluded.text`.execute(queriesOf(tx));
}

/** Returns the parts from `at` on, where a part must begin. */
export async function readTurnParts(tx: Transaction, range: { turnId: string; at: number }): Promise<TurnPart[]> {
  return selectFrom.all(tx, range);
}

export async function readTurnText(tx: Transaction, turnId: string): Promise<string> {
  return (await readTurnParts(tx, { turnId, at: 0 })).map(({ text }) => text).join('');
}
