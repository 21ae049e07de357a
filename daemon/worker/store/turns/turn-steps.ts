/**
 * The finished steps of a turn. They outlive its worker: a turn that takes over continues after them. Functions that change
 * something run in a transaction. A background response has steps too, under its own id.
 */
import { sql } from 'kysely';
import type { TurnUsage } from '../../../../shared/turn-usage.js';
import { PURGE_ROWS } from '../conversations/purge.js';
import { cancelApprovals } from '../approvals/approvals.js';
import { prepare } from '../prepare.js';
import { queriesOf, type Transaction } from '../transaction.js';
import type { TurnCallTable } from './tables.js';

export interface StoredCall {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
  readonly problem?: string;
  /** Its effect happens once under this key. */
  readonly key: string;
  /** Id of its message in the conversation, which keeps the images of its result. Undefined: stored by an older build. */
  readonly messageId?: string;
}

/** The outcome of a call that began: undefined if it was not stored. */
export type StoredResult = { readonly output: string; readonly isError: boolean } | undefined;

export interface StoredStep {
  /** The model that made it, `provider/model`. */
  readonly ref: string;
  readonly text: string;
  readonly calls: readonly StoredCall[];
  /** The step in the vendor's own form. */
  readonly vendor?: unknown;
  /** Of this step and all before it; null if no model reported it. */
  readonly usage: TurnUsage | null;
  /** By the index of their calls. A call that is missing here has not begun. */
  readonly begun: ReadonlyMap<number, StoredResult>;
}

/** Where a call is. */
interface CallPlace {
  readonly turnId: string;
  readonly step: number;
  readonly index: number;
}

interface StepColumns {
  readonly turnId: string;
  readonly step: number;
  readonly ref: string;
  readonly text: string;
  readonly calls: string;
  readonly vendor: string | null;
  readonly usage: string;
  readonly nowMs: number;
}

const insertStep = prepare<StepColumns>()((db, p) =>
  db.insertInto('turn_steps').values({
    turn_id: p.turnId,
    step: p.step,
    ref: p.ref,
    text: p.text,
    calls: p.calls,
    vendor: p.vendor,
    usage: p.usage,
    created_at: p.nowMs,
  }),
);

const upsertCall = prepare<CallPlace & { state: TurnCallTable['state']; output: string | null; isError: number }>()((db, p) =>
  db
    .insertInto('turn_calls')
    .values({ turn_id: p.turnId, step: p.step, call_index: p.index, state: p.state, output: p.output, is_error: p.isError })
    .onConflict((conflict) =>
      conflict.columns(['turn_id', 'step', 'call_index']).doUpdateSet({ state: p.state, output: p.output, is_error: p.isError }),
    ),
);

const selectSteps = prepare<{ turnId: string }>()((db, p) =>
  db.selectFrom('turn_steps').selectAll().where('turn_id', '=', p.turnId).orderBy('step'),
);

const selectCalls = prepare<{ turnId: string }>()((db, p) =>
  db.selectFrom('turn_calls').selectAll().where('turn_id', '=', p.turnId).orderBy('step'),
);

const moveStepRows = prepare<{ from: string; to: string }>()((db, p) =>
  db.updateTable('turn_steps').set({ turn_id: p.to }).where('turn_id', '=', p.from),
);
const moveCallRows = prepare<{ from: string; to: string }>()((db, p) =>
  db.updateTable('turn_calls').set({ turn_id: p.to }).where('turn_id', '=', p.from),
);
const deleteStepRows = prepare<{ turnId: string }>()((db, p) => db.deleteFrom('turn_steps').where('turn_id', '=', p.turnId));
const deleteCallRows = prepare<{ turnId: string }>()((db, p) => db.deleteFrom('turn_calls').where('turn_id', '=', p.turnId));

/** Stores a step before its tools run. */
export async function addTurnStep(
  tx: Transaction,
  place: { turnId: string; step: number; nowMs: number },
  { ref, text, calls, vendor, usage }: Omit<StoredStep, 'begun'>,
): Promise<void> {
  await insertStep.run(tx, {
    ...place,
    ref,
    text,
    calls: JSON.stringify(calls),
    vendor: vendor === undefined ? null : JSON.stringify(vendor),
    usage: JSON.stringify(usage),
  });
}

/** Records that a call begins. */
export async function beginTurnCall(tx: Transaction, place: CallPlace): Promise<void> {
  await upsertCall.run(tx, { ...place, state: 'begun', output: null, isError: 0 });
}

export async function endTurnCall(tx: Transaction, place: CallPlace, { output, isError }: NonNullable<StoredResult>): Promise<void> {
  await upsertCall.run(tx, { ...place, state: 'done', output, isError: Number(isError) });
}

/** Returns the steps of a turn, in their order. */
export async function readTurnSteps(tx: Transaction, turnId: string): Promise<StoredStep[]> {
  const rows = await selectSteps.all(tx, { turnId });
  if (rows.length === 0) return [];
  const calls = await selectCalls.all(tx, { turnId });
  return rows.map((row): StoredStep => {
    const ofStep = calls.filter(({ step }) => step === row.step);
    return {
      ref: row.ref,
      text: row.text,
      calls: JSON.parse(row.calls) as StoredCall[],
      ...(row.vendor === null ? {} : { vendor: JSON.parse(row.vendor) as unknown }),
      usage: JSON.parse(row.usage) as TurnUsage | null,
      begun: new Map(
        ofStep.map(({ call_index: index, state, output, is_error: isError }) => [
          index,
          state === 'done' ? { output: output ?? '', isError: isError === 1 } : undefined,
        ]),
      ),
    };
  });
}

/** Moves the steps of one turn to another. @returns whether there were any */
export async function moveTurnSteps(tx: Transaction, turns: { from: string; to: string }): Promise<boolean> {
  if ((await moveStepRows.run(tx, turns)) === 0) return false;
  await moveCallRows.run(tx, turns);
  return true;
}

/** Removes the steps of a turn that nobody will continue, and withdraws its pending approvals. */
export async function removeTurnSteps(tx: Transaction, { turnId, nowMs }: { turnId: string; nowMs: number }): Promise<void> {
  if ((await deleteStepRows.run(tx, { turnId })) === 0) return;
  await deleteCallRows.run(tx, { turnId });
  await cancelApprovals(tx, { turnId, nowMs });
}

/** Whether another worker can continue a turn with effects, because its steps are stored. */
export const hasSteps = (turnId: string) => sql<boolean>`exists (select 1 from turn_steps where turn_steps.turn_id = ${sql.ref(turnId)})`;

/**
 * Removes steps that will not be continued: of turns that ended at `beforeMs` or earlier and will not be answered again, or were
 * deleted. One batch. @returns their number
 */
export async function purgeTurnSteps(tx: Transaction, { beforeMs, nowMs }: { beforeMs: number; nowMs: number }): Promise<number> {
  const { rows } = await sql<{ id: string }>`select turn_id as id from turn_steps
    where not exists (select 1 from turns where turns.id = turn_id and (finished_at is null or finished_at > ${beforeMs}))
      and not exists (select 1 from responses where responses.id = turn_id and finished_at is null)
      and not exists (select 1 from inbox_messages where inbox_messages.turn_id = turn_steps.turn_id and finished_at is null)
      and not exists (select 1 from cron_runs where cron_runs.turn_id = turn_steps.turn_id and finished_at is null)
    group by turn_id limit ${PURGE_ROWS}`.execute(queriesOf(tx));
  for (const { id: turnId } of rows) await removeTurnSteps(tx, { turnId, nowMs });
  return rows.length;
}
