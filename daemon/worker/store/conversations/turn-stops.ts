/** Requests to end running turns, for whichever workers run them. */
import { sql } from 'kysely';
import { prepare } from '../prepare.js';
import type { TurnStopReason } from '../schema.js';
import { tellOthers, type Transaction } from '../transaction.js';

export interface TurnStop {
  readonly turnId: string;
  readonly sessionKey: string;
  readonly reason: TurnStopReason;
}

// Literals, because the partial index does not apply to a parameter.
const request = prepare<Pick<TurnStop, 'sessionKey' | 'reason'>>()((db, p) =>
  db
    .updateTable('turns')
    .set({ stop_reason: p.reason })
    .where('state', '=', sql.lit('running' as const))
    .where('session_id', 'in', (query) => query.selectFrom('sessions').select('sessions.id').where('sessions.key', '=', p.sessionKey)),
);

/** In an ended turn, `stop_reason` says why the model stopped early. */
const isRequest = (reason: string | null): reason is TurnStopReason => reason === 'stopped' || reason === 'deleted';

const select = prepare<Record<never, never>>()((db) =>
  db
    .selectFrom('turns')
    .innerJoin('sessions', 'sessions.id', 'turns.session_id')
    .select(['turns.id as turnId', 'sessions.key as sessionKey', 'turns.stop_reason as reason'])
    .where('turns.state', '=', sql.lit('running' as const))
    .where('turns.stop_reason', 'is not', null),
);

// Updates the row, so that a request after it finds that the turn has ended.
const requestOf = prepare<{ turnId: string }>()((db, p) =>
  db
    .updateTable('turns')
    .set((query) => ({ instance_id: query.ref('instance_id') }))
    .where('id', '=', p.turnId)
    .where('state', '=', sql.lit('running' as const))
    .returning('stop_reason as reason'),
);

/** Asks the workers that run turns of a session to end them. Runs in a transaction. @returns how many run */
export function requestTurnStop(tx: Transaction, stop: Pick<TurnStop, 'sessionKey' | 'reason'>): Promise<number> {
  tellOthers(tx, 'stops');
  return request.run(tx, stop);
}

/** Returns the requests whose turns have not ended. */
export async function readTurnStops(tx: Transaction): Promise<TurnStop[]> {
  const rows = await select.all(tx);
  return rows.flatMap(({ reason, ...stop }) => (isRequest(reason) ? { ...stop, reason } : []));
}

/** Returns the request to end a running turn, in the transaction that ends it; undefined: there is none. */
export async function findTurnStop(tx: Transaction, turnId: string): Promise<TurnStopReason | undefined> {
  const reason = (await requestOf.first(tx, { turnId }))?.reason ?? null;
  return isRequest(reason) ? reason : undefined;
}
