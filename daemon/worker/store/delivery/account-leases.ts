/** The lease of a channel account: its holder is the only worker that reads its messages and sends to its chats. */
import { acquireLease, type LeaseClaim, listLeases, moveLease, readLeaseOwner, releaseLease, releaseLeasesLike } from '../leases.js';
import type { Liveness } from '../liveness.js';
import { tellOthers, type Transaction } from '../transaction.js';
import type { Lane } from './outbox.js';

export type AccountName = Pick<Lane, 'channel' | 'accountId'>;
interface Claim extends Omit<LeaseClaim, 'key'> {
  readonly liveness: Pick<Liveness, 'living' | 'takers'>;
}

const PREFIX = 'account:';
const accountPath = ({ channel, accountId }: AccountName): string => `${channel}/${accountId}`;
const keyOf = (account: AccountName): string => PREFIX + accountPath(account);

function nameOf(key: string): AccountName {
  const slash = key.indexOf('/');
  return { channel: key.slice(PREFIX.length, slash), accountId: key.slice(slash + 1) };
}

/** Runs in a transaction. @returns false while another living worker serves the account */
export function takeAccount(tx: Transaction, account: AccountName, claim: Claim): Promise<boolean> {
  return acquireLease(tx, { ...claim, key: keyOf(account) });
}

/** Returns whether {@link takeAccount} would succeed. */
export async function isAccountFree(tx: Transaction, account: AccountName, { owner, liveness }: Claim): Promise<boolean> {
  const holder = await readLeaseOwner(tx, keyOf(account));
  return holder === undefined || holder === owner || !(await liveness.living(tx)).has(holder);
}

/** Waiting messages are sent by the next worker that takes the account. Runs in a transaction. */
export function releaseAccount(tx: Transaction, account: AccountName, owner: string): Promise<void> {
  tellOthers(tx, 'outbox');
  return releaseLease(tx, { key: keyOf(account), owner });
}

/** Releases all accounts of a worker. Runs in a transaction. */
export function releaseAccounts(tx: Transaction, owner: string): Promise<void> {
  tellOthers(tx, 'outbox');
  return releaseLeasesLike(tx, { pattern: `${PREFIX}%`, owner });
}

/** Returns the lanes of those accounts that no other living worker serves. */
export async function keepOwnLanes<T extends Lane>(
  tx: Transaction,
  lanes: readonly T[],
  { owner, liveness }: Omit<Claim, 'nowMs'>,
): Promise<T[]> {
  if (lanes.length === 0) return [];
  const living = await liveness.living(tx);
  const held = await listLeases(tx, `${PREFIX}%`);
  const elsewhere = new Set(held.filter((lease) => lease.owner !== owner && living.has(lease.owner)).map(({ key }) => key));
  return lanes.filter((lane) => !elsewhere.has(keyOf(lane)));
}

/** Returns the accounts of a worker. */
export async function listAccounts(tx: Transaction, owner: string): Promise<AccountName[]> {
  const held = await listLeases(tx, `${PREFIX}%`);
  return held.filter((lease) => lease.owner === owner).map(({ key }) => nameOf(key));
}

interface Move {
  readonly account: AccountName;
  readonly to: string;
}

/**
 * Returns an account to move to the worker of another gateway that has the fewest accounts, and at least two fewer. So a move never
 * reverses the difference, and if all can serve all accounts, none ends with more than its share. @param only  check only this
 * account. Default: any
 */
export async function findMove(tx: Transaction, { owner, liveness }: Omit<Claim, 'nowMs'>, only?: AccountName): Promise<Move | undefined> {
  const counts = new Map<string, number>();
  const own: AccountName[] = [];
  for (const lease of await listLeases(tx, `${PREFIX}%`)) {
    counts.set(lease.owner, (counts.get(lease.owner) ?? 0) + 1);
    if (lease.owner === owner && (only === undefined || lease.key === keyOf(only))) own.push(nameOf(lease.key));
  }
  const countOf = (id: string): number => counts.get(id) ?? 0;
  if (countOf(owner) < 2) return undefined;
  const takers = (await liveness.takers(tx)).filter(({ id }) => countOf(id) <= countOf(owner) - 2);
  for (const { id, accounts } of takers.toSorted((one, other) => countOf(one.id) - countOf(other.id))) {
    const account = own.find((name) => accounts.has(accountPath(name)));
    if (account !== undefined) return { account, to: id };
  }
  return undefined;
}

/** Moves an account, if that is still justified. Its new worker sends its messages. Runs in a transaction. @returns whether it was */
export async function moveAccount(tx: Transaction, account: AccountName, claim: Claim): Promise<boolean> {
  const move = await findMove(tx, claim, account);
  if (move === undefined) return false;
  tellOthers(tx, 'outbox');
  return moveLease(tx, { key: keyOf(account), owner: claim.owner, to: move.to, nowMs: claim.nowMs });
}
