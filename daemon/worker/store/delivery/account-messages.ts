/** Counts the messages of each channel account, for its health. */
import { sql } from 'kysely';
import { queriesOf, type Transaction } from '../transaction.js';

interface Account {
  readonly channel: string;
  readonly accountId: string;
}

/** Times are epoch milliseconds; null: there is no such message. */
export interface AccountMessages extends Account {
  readonly waiting: number;
  readonly oldestWaitingAtMs: number | null;
  readonly retrying: number;
  readonly dead: number;
  readonly unknown: number;
  /** Messages that have become dead or unknown since the given time. */
  readonly lost: number;
  /** The newest error of a message that is not delivered. */
  readonly lastError: { readonly message: string; readonly atMs: number } | null;
  readonly lastDeliveredAtMs: number | null;
}

/** How many of the newest delivered messages of a channel are searched for those of its accounts. */
const NEWEST_DELIVERED = 1_000;

/** The oldest is found by its position in the index, which contains all data counted here. */
async function readWaiting(tx: Transaction) {
  const { rows } = await sql<Account & { waiting: number; oldestWaitingAtMs: number }>`
    select account.channel, account.account_id as "accountId", account.waiting, outbox_messages.created_at as "oldestWaitingAtMs"
    from (
      select channel, account_id, count(*) as waiting, min(seq) as oldest from outbox_messages
      where finished_at is null group by channel, account_id
    ) as account
    join outbox_messages on outbox_messages.seq = account.oldest`.execute(queriesOf(tx));
  return rows;
}

type LastError = AccountMessages['lastError'];

const errorOf = (row: { error: string | null; atMs: number } | undefined): LastError =>
  row === undefined || row.error === null ? null : { message: row.error, atMs: row.atMs };

/** At most one message of each chat is repeated at a time. */
async function readRetrying(tx: Transaction) {
  const { rows } = await sql<Account & { retrying: number; error: string | null; atMs: number }>`
    select channel, account_id as "accountId", count(*) as retrying, max(updated_at) as "atMs",
      max(case when place = 1 then last_error end) as error
    from (
      select channel, account_id, last_error, updated_at,
        row_number() over (partition by channel, account_id order by updated_at desc, seq desc) as place
      from outbox_messages where state = 'retry_wait'
    ) as failed
    group by channel, account_id`.execute(queriesOf(tx));
  return rows.map((row) => ({ channel: row.channel, accountId: row.accountId, retrying: row.retrying, lastError: errorOf(row) }));
}

/** Reads an index that contains only such messages, by account. */
async function countLost(tx: Transaction, { channel, accountId }: Account, lostSinceMs: number) {
  const { rows } = await sql<{ dead: number; unknown: number; lost: number }>`
    select
      count(*) filter (where state = 'dead') as dead,
      count(*) filter (where state = 'unknown') as unknown,
      count(*) filter (where finished_at >= ${lostSinceMs}) as lost
    from outbox_messages
    where channel = ${channel} and account_id = ${accountId} and state in ('dead', 'unknown')`.execute(queriesOf(tx));
  return rows[0] ?? { dead: 0, unknown: 0, lost: 0 };
}

async function readLostError(tx: Transaction, { channel, accountId }: Account): Promise<LastError> {
  const of = (state: 'dead' | 'unknown') => sql`select * from (
    select last_error as error, finished_at as "atMs" from outbox_messages
    where channel = ${channel} and account_id = ${accountId} and state = ${sql.lit(state)}
    order by finished_at desc limit 1) as ${sql.ref(state)}`;
  const { rows } = await sql<{ error: string | null; atMs: number }>`
    ${of('dead')} union all ${of('unknown')} order by "atMs" desc limit 1`.execute(queriesOf(tx));
  return errorOf(rows[0]);
}

async function readDelivered(tx: Transaction, channel: string) {
  const { rows } = await sql<Account & { lastDeliveredAtMs: number }>`
    select channel, account_id as "accountId", max(finished_at) as "lastDeliveredAtMs"
    from (
      select channel, account_id, finished_at from outbox_messages
      where channel = ${channel} and state = 'delivered' order by seq desc limit ${NEWEST_DELIVERED}
    ) as newest
    group by channel, account_id`.execute(queriesOf(tx));
  return rows;
}

const newest = (one: LastError, two: LastError): LastError => (one !== null && one.atMs >= (two?.atMs ?? 0) ? one : two);

/** Returns the numbers of each of the accounts, in their order. */
export async function readAccountMessages(tx: Transaction, accounts: readonly Account[], lostSinceMs: number): Promise<AccountMessages[]> {
  const waiting = await readWaiting(tx);
  const retrying = await readRetrying(tx);
  const delivered = new Map<string, Awaited<ReturnType<typeof readDelivered>>>();
  for (const channel of new Set(accounts.map((account) => account.channel))) delivered.set(channel, await readDelivered(tx, channel));
  const read: AccountMessages[] = [];
  for (const { channel, accountId } of accounts) {
    const isOwn = (row: Account): boolean => row.channel === channel && row.accountId === accountId;
    const [queued, failed] = [waiting.find(isOwn), retrying.find(isOwn)];
    read.push({
      channel,
      accountId,
      waiting: queued?.waiting ?? 0,
      oldestWaitingAtMs: queued?.oldestWaitingAtMs ?? null,
      retrying: failed?.retrying ?? 0,
      ...(await countLost(tx, { channel, accountId }, lostSinceMs)),
      lastError: newest(failed?.lastError ?? null, await readLostError(tx, { channel, accountId })),
      lastDeliveredAtMs: delivered.get(channel)?.find(isOwn)?.lastDeliveredAtMs ?? null,
    });
  }
  return read;
}
