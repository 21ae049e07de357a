/** The abilities that the gateways on a database report, in the column `serves` of their workers. */
import { sql } from 'kysely';
import type { AccountTaker, Need } from '../../liveness.js';
import { queriesOf, type Transaction } from '../../transaction.js';

interface Row {
  readonly serves: string;
}

const read = ({ serves }: Row): readonly string[] => JSON.parse(serves) as string[];

/** See `Liveness.isServedElsewhere`. */
export async function isServedOutside(tx: Transaction, lineage: string, needs: readonly Need[]): Promise<boolean> {
  const { rows } = await sql<Row>`select serves from instances where lineage <> ${lineage}`.execute(queriesOf(tx));
  return rows.some((row) => {
    const served = read(row);
    return needs.every((need) => served.some((one) => one === need || (need.endsWith('/') && one.startsWith(need))));
  });
}

const READY = 'ready:';

/**
 * Returns the workers of other gateways that have been alive for some time, have recently renewed their row, and are not being
 * replaced.
 */
export async function takersOutside(tx: Transaction, lineage: string): Promise<AccountTaker[]> {
  const { rows } = await sql<Row & { readonly id: string }>`select id, serves from instances as one where lineage <> ${lineage}
    and joined_at < clock_timestamp() - interval '5 seconds' and renewed_at > clock_timestamp() - interval '7 seconds'
    and not exists (select from instances as other where other.lineage = one.lineage and other.id <> one.id)`.execute(queriesOf(tx));
  return rows.map((row) => ({
    id: row.id,
    accounts: new Set(read(row).flatMap((one) => (one.startsWith(READY) ? [one.slice(READY.length)] : []))),
  }));
}
