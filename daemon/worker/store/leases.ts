/**
 * Who may work on what. A lease has no expiry: it belongs to an instance, and those of a dead instance are void at once,
 * because the supervisor says who lives.
 */
import { prepare } from './prepare.js';
import { queriesOf, type Transaction } from './transaction.js';

const selectOwner = prepare<{ key: string }>()((db, p) => db.selectFrom('leases').select('owner').where('key', '=', p.key));

const takeOver = prepare<{ key: string; owner: string; previous: string; nowMs: number }>()((db, p) =>
  db.updateTable('leases').set({ owner: p.owner, acquired_at: p.nowMs }).where('key', '=', p.key).where('owner', '=', p.previous),
);

const insert = prepare<{ key: string; owner: string; nowMs: number }>()((db, p) =>
  db
    .insertInto('leases')
    .values({ key: p.key, owner: p.owner, acquired_at: p.nowMs })
    .onConflict((conflict) => conflict.column('key').doNothing()),
);

const remove = prepare<{ key: string; owner: string }>()((db, p) =>
  db.deleteFrom('leases').where('key', '=', p.key).where('owner', '=', p.owner),
);

/** @returns the instance that holds the lease, dead or alive; undefined when nobody does */
export async function readLeaseOwner(tx: Transaction, key: string): Promise<string | undefined> {
  return (await selectOwner.first(tx, { key }))?.owner;
}

/** What a claim needs to know. `liveOwners` are the instances whose leases are good. */
export interface LeaseClaim {
  readonly key: string;
  readonly owner: string;
  readonly liveOwners: readonly string[];
  readonly nowMs: number;
}

/** Takes a lease that is free, our own, or of an instance that is gone. Runs in a write. @returns whether it is ours now */
export async function acquireLease(tx: Transaction, claim: LeaseClaim): Promise<boolean> {
  const { key, owner, nowMs } = claim;
  const previous = await readLeaseOwner(tx, key);
  if (previous === owner) return true;
  if (previous === undefined) return (await insert.run(tx, { key, owner, nowMs })) === 1;
  if (claim.liveOwners.includes(previous)) return false;
  return (await takeOver.run(tx, { key, owner, previous, nowMs })) === 1;
}

/** Gives a lease back; one that is another's by now stays. */
export async function releaseLease(tx: Transaction, lease: { key: string; owner: string }): Promise<void> {
  await remove.run(tx, lease);
}

/** @returns whether there is a lease of an instance that is gone */
export async function hasVoidLeases(tx: Transaction, liveOwners: readonly string[]): Promise<boolean> {
  return (
    (await queriesOf(tx).selectFrom('leases').select('key').where('owner', 'not in', liveOwners).limit(1).executeTakeFirst()) !== undefined
  );
}

/** Removes the leases of instances that are gone. */
export async function removeVoidLeases(tx: Transaction, liveOwners: readonly string[]): Promise<void> {
  await queriesOf(tx).deleteFrom('leases').where('owner', 'not in', liveOwners).execute();
}

/** Changes something and undoes it: proves that the database can be written again. */
export async function probeWriting(tx: Transaction): Promise<void> {
  const lease = { key: 'store:probe', owner: 'store:probe' };
  await insert.run(tx, { ...lease, nowMs: 0 });
  await remove.run(tx, lease);
}
