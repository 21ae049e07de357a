/** Leases: which instance may work on what. A lease does not expire; it becomes invalid when its instance dies. */
import { prepare } from './prepare.js';
import type { Liveness } from './liveness.js';
import type { Transaction } from './transaction.js';

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

const selectOwners = prepare<Record<never, never>>()((db) => db.selectFrom('leases').select('owner').distinct());

const selectLike = prepare<{ pattern: string }>()((db, p) =>
  db.selectFrom('leases').select(['key', 'owner']).where('key', 'like', p.pattern),
);

const removeLike = prepare<{ pattern: string; owner: string }>()((db, p) =>
  db.deleteFrom('leases').where('key', 'like', p.pattern).where('owner', '=', p.owner),
);

const removeOf = prepare<{ owner: string }>()((db, p) => db.deleteFrom('leases').where('owner', '=', p.owner));

/** Returns the instance that holds the lease, dead or alive; undefined when it is free. */
export async function readLeaseOwner(tx: Transaction, key: string): Promise<string | undefined> {
  return (await selectOwner.first(tx, { key }))?.owner;
}

export interface LeaseClaim {
  readonly key: string;
  readonly owner: string;
  /** Determines whose leases are valid. */
  readonly liveness: Pick<Liveness, 'living'>;
  readonly nowMs: number;
}

/** Takes a lease that is free, our own, or held by a dead instance. Runs in a transaction. Returns whether `owner` holds it now. */
export async function acquireLease(tx: Transaction, claim: LeaseClaim): Promise<boolean> {
  const { key, owner, nowMs } = claim;
  const previous = await readLeaseOwner(tx, key);
  if (previous === owner) return true;
  if (previous === undefined) return (await insert.run(tx, { key, owner, nowMs })) === 1;
  if ((await claim.liveness.living(tx)).has(previous)) return false;
  return (await takeOver.run(tx, { key, owner, previous, nowMs })) === 1;
}

/** Gives a lease to another instance. Runs in a transaction. Returns whether it was the owner's. */
export async function moveLease(tx: Transaction, lease: { key: string; owner: string; to: string; nowMs: number }): Promise<boolean> {
  const { key, owner: previous, to: owner, nowMs } = lease;
  return (await takeOver.run(tx, { key, owner, previous, nowMs })) === 1;
}

/** Releases a lease, unless another instance holds it by now. */
export async function releaseLease(tx: Transaction, lease: { key: string; owner: string }): Promise<void> {
  await remove.run(tx, lease);
}

/** Returns the leases whose keys match, with their holders, dead or alive. */
export function listLeases(tx: Transaction, pattern: string): Promise<{ key: string; owner: string }[]> {
  return selectLike.all(tx, { pattern });
}

/** Releases the leases of an instance whose keys match. Runs in a transaction. */
export async function releaseLeasesLike(tx: Transaction, leases: { pattern: string; owner: string }): Promise<void> {
  await removeLike.run(tx, leases);
}

/** Returns every instance that holds a lease, dead or alive. */
export async function listLeaseOwners(tx: Transaction): Promise<string[]> {
  return (await selectOwners.all(tx)).map(({ owner }) => owner);
}

/** Removes all leases of an instance. */
export async function removeLeasesOf(tx: Transaction, owner: string): Promise<void> {
  await removeOf.run(tx, { owner });
}

/** Inserts and removes a row, to check whether the database can be written again. */
export async function probeWriting(tx: Transaction): Promise<void> {
  const lease = { key: 'store:probe', owner: 'store:probe' };
  await insert.run(tx, { ...lease, nowMs: 0 });
  await remove.run(tx, lease);
}
