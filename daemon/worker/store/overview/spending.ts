/** Spending for models by day and payer, and the reservations of running calls. Rows are written only where a limit applies. */
import { sql } from 'kysely';
import { type Liveness, leftByTheDead } from '../liveness.js';
import { queriesOf, type Transaction } from '../transaction.js';

/** The limit that a call counts against: `all`, `agent:main`, `job:job_…`, `token:tok_…`. */
export type Payer = 'all' | `agent:${string}` | `job:${string}` | `token:${string}`;

export interface Limit {
  readonly payer: Payer;
  /** US dollars a day. */
  readonly usd: number;
}

export interface UsedUpLimit extends Limit {
  /** False: what is spent and what running calls have reserved add up to it. */
  readonly isSpent: boolean;
}

export interface Reservation {
  readonly id: string;
  /** UTC, as 2026-11-27. */
  readonly day: string;
  readonly payers: readonly Payer[];
  /** The maximum cost of the call, as far as known. */
  readonly usd: number;
}

export interface NewReservation extends Omit<Reservation, 'payers'> {
  readonly limits: readonly Limit[];
  /** The worker that makes the call. */
  readonly instanceId: string;
  readonly liveness: Pick<Liveness, 'living'>;
}

/** Returns the day of a time. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

async function addSpent(tx: Transaction, { day, payers, usd }: Omit<Reservation, 'id'>): Promise<void> {
  for (const payer of payers)
    await queriesOf(tx)
      .insertInto('spending')
      .values({ day, payer, usd })
      .onConflict((conflict) => conflict.columns(['day', 'payer']).doUpdateSet({ usd: sql<number>`spending.usd + ${usd}` }))
      .execute();
}

async function remove(tx: Transaction, id: string): Promise<boolean> {
  const { numDeletedRows } = await queriesOf(tx).deleteFrom('spending_reservations').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** A call whose worker died before its end counts with its maximum cost. */
async function settleOfTheDead(tx: Transaction, liveness: NewReservation['liveness']): Promise<readonly Reservation[]> {
  const rows = await queriesOf(tx).selectFrom('spending_reservations').selectAll().execute();
  const all = rows.map(({ id, instance_id: instanceId, day, payers, usd }) => ({
    id,
    instanceId,
    day,
    payers: JSON.parse(payers) as Payer[],
    usd,
  }));
  const left = new Set(await leftByTheDead(tx, all, liveness));
  for (const reservation of left) if (await remove(tx, reservation.id)) await addSpent(tx, reservation);
  return all.filter((reservation) => !left.has(reservation));
}

/** Returns what was spent on a day, by payer. */
export async function readSpending(tx: Transaction, day: string): Promise<ReadonlyMap<Payer, number>> {
  const rows = await queriesOf(tx).selectFrom('spending').select(['payer', 'usd']).where('day', '=', day).execute();
  return new Map(rows.map(({ payer, usd }) => [payer as Payer, usd]));
}

/**
 * Reserves the possible cost of a call, for all of its limits or none. Runs in a transaction. So a limit is exceeded by at most one
 * reservation. @returns the exhausted limit; undefined if reserved
 */
export async function reserveSpending(
  tx: Transaction,
  { id, day, usd, limits, instanceId, liveness }: NewReservation,
): Promise<UsedUpLimit | undefined> {
  const running = await settleOfTheDead(tx, liveness);
  const spent = await readSpending(tx, day);
  const spentBy = ({ payer }: Limit): number => spent.get(payer) ?? 0;
  const reservedBy = ({ payer }: Limit): number =>
    running.filter((other) => other.day === day && other.payers.includes(payer)).reduce((sum, other) => sum + other.usd, 0);
  const spentLimit = limits.find((limit) => spentBy(limit) >= limit.usd);
  if (spentLimit !== undefined) return { ...spentLimit, isSpent: true };
  const reservedLimit = limits.find((limit) => spentBy(limit) + reservedBy(limit) >= limit.usd);
  if (reservedLimit !== undefined) return { ...reservedLimit, isSpent: false };
  const payers = JSON.stringify(limits.map(({ payer }) => payer));
  await queriesOf(tx).insertInto('spending_reservations').values({ id, instance_id: instanceId, day, payers, usd }).execute();
  return undefined;
}

/** Replaces a call's reservation with its actual cost. Runs in a transaction. Does nothing the second time. */
export async function settleSpending(tx: Transaction, { id, day, payers, usd }: Reservation): Promise<void> {
  if (await remove(tx, id)) await addSpent(tx, { day, payers, usd });
}

/** Purges the days before one. Runs in a transaction. Returns how many rows it removed: there are few. */
export async function purgeSpending(tx: Transaction, beforeDay: string): Promise<number> {
  const { numDeletedRows } = await queriesOf(tx).deleteFrom('spending').where('day', '<', beforeDay).executeTakeFirst();
  return Number(numDeletedRows);
}
