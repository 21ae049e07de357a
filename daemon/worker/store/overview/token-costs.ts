/** Today's spending of access tokens for models. */
import { sql } from 'kysely';
import { DAY_MS } from '../../../../shared/clock.js';
import { queriesOf, type Transaction } from '../transaction.js';
import { readCallUsage } from './call-usage.js';
import { dayOf, readSpending } from './spending.js';
import { firstIdAt } from './usage.js';

/** US dollars of a day (UTC), by token id. */
export interface TokenCosts {
  /** The amount that counts against limits; only for tokens with a limit. */
  readonly spent: ReadonlyMap<string, number>;
  /** In turns of agents and in other calls. */
  readonly used: ReadonlyMap<string, number>;
}

const OF_TOKEN = 'token:';

/** Returns the costs of the day of `nowMs`. */
export async function readTokenCosts(tx: Transaction, nowMs: number): Promise<TokenCosts> {
  const day = dayOf(nowMs);
  const spent = [...(await readSpending(tx, day))].flatMap(([payer, usd]): [string, number][] =>
    payer.startsWith(OF_TOKEN) ? [[payer.slice(OF_TOKEN.length), usd]] : [],
  );
  const turns = await queriesOf(tx)
    .selectFrom('turns')
    .select(['token_id as id', sql<number>`coalesce(sum(cost_usd), 0)`.as('usd')])
    .where('id', '>=', firstIdAt(Date.parse(day)))
    .where('token_id', 'is not', null)
    .groupBy('token_id')
    .execute();
  const used = new Map(turns.map(({ id, usd }) => [id ?? '', usd]));
  const fromMs = Date.parse(day);
  for (const { tokenId, costUsd } of await readCallUsage(tx, { fromMs, toMs: fromMs + DAY_MS }))
    used.set(tokenId, (used.get(tokenId) ?? 0) + costUsd);
  return { spent: new Map(spent), used };
}
