/** The lease of a channel's account: one worker reads its messages and sends to its chats. */
import { acquireLease, type LeaseClaim, listLeases, readLeaseOwner, releaseLease, releaseLeasesLike } from '../leases.js';
import { tellOthers, type Transaction } from '../transaction.js';
import type { Lane } from './outbox.js';

export type AccountName = Pick<Lane, 'channel' | 'accountId'>;
type Claim = Omit<LeaseClaim, 'key'>;

const PREFIX = 'account:';
const keyOf = ({ channel, accountId }: AccountName): string => `${PREFIX}${channel}/${accountId}`;

/** Runs in a write. @returns false while another living worker serves the account */
export function takeAccount(tx: Transaction, account: AccountName, claim: Claim): Promise<boolean> {
  return acquireLease(tx, { ...claim, key: keyOf(account) });
}

/** Returns whether {@link takeAccount} would succeed. */
export async function isAccountFree(tx: Transaction, account: AccountName, { owner, liveness }: Claim): Promise<boolean> {
  const holder = await readLeaseOwner(tx, keyOf(account));
  return holder === undefined || holder === owner || !(await liveness.living(tx)).has(holder);
}

/** What waits to be sent is sent by whoever takes the account next. Runs in a write. */
export function releaseAccount(tx: Transaction, account: AccountName, owner: string): Promise<void> {
  tellOthers(tx, 'outbox');
  return releaseLease(tx, { key: keyOf(account), owner });
}

/** Releases all accounts of a worker. Runs in a write. */
export function releaseAccounts(tx: Transaction, owner: string): Promise<void> {
  tellOthers(tx, 'outbox');
  return releaseLeasesLike(tx, { pattern: `${PREFIX}%`, owner });
}

/** Returns the lanes of those accounts that no other living worker serves. */
export async function keepOwnLanes(tx: Transaction, lanes: readonly Lane[], { owner, liveness }: Omit<Claim, 'nowMs'>): Promise<Lane[]> {
  if (lanes.length === 0) return [];
  const living = await liveness.living(tx);
  const held = await listLeases(tx, `${PREFIX}%`);
  const elsewhere = new Set(held.filter((lease) => lease.owner !== owner && living.has(lease.owner)).map(({ key }) => key));
  return lanes.filter((lane) => !elsewhere.has(keyOf(lane)));
}
