import { expect, test } from 'vitest';
import { findMove, listAccounts, moveAccount, takeAccount } from '../../../../../daemon/worker/store/delivery/account-leases.js';
import type { Store } from '../../../../../daemon/worker/store/store.js';
import { openStore } from '../../../../helpers/open-store.js';

/** Workers of as many gateways: each with the accounts that it can serve. */
function makeWorkers(store: Store, served: Readonly<Record<string, readonly string[]>>) {
  const ids = Object.keys(served);
  const living = async (): Promise<Set<string>> => new Set(ids);
  const claimOf = (owner: string) => {
    const takers = async () =>
      ids.filter((id) => id !== owner).map((id) => ({ id, accounts: new Set(served[id]?.map((accountId) => `webhook/${accountId}`)) }));
    return { owner, nowMs: 1, liveness: { living, takers } };
  };
  const give = (owner: string): Promise<boolean> =>
    store.write(async (tx) => {
      const move = await findMove(tx, claimOf(owner));
      return move !== undefined && moveAccount(tx, move.account, claimOf(owner));
    });
  return {
    take: (owner: string, accountId: string) => store.write((tx) => takeAccount(tx, { channel: 'webhook', accountId }, claimOf(owner))),
    give,
    /** Until nobody gives any. @returns how many accounts were moved */
    async settle(): Promise<number> {
      for (let moves = 0; ;) {
        const before = moves;
        for (const id of ids) if (await give(id)) moves += 1;
        if (moves === before) return moves;
      }
    },
    async counts(): Promise<number[]> {
      return Promise.all(ids.map(async (id) => (await store.read((tx) => listAccounts(tx, id))).length));
    },
  };
}

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `account/${index}`);

test.each([
  { nodes: 2, accounts: 2, moves: 1 },
  { nodes: 3, accounts: 7, moves: 4 },
  { nodes: 3, accounts: 2, moves: 1 },
  { nodes: 4, accounts: 1, moves: 0 },
])(
  'of $nodes gateways that serve $accounts accounts none has more than its share, after $moves moves',
  async ({ nodes, accounts, moves }) => {
    const served = Object.fromEntries(Array.from({ length: nodes }, (_, index) => [`wk_${index}`, names(accounts)]));
    const workers = makeWorkers(await openStore(), served);
    for (const name of names(accounts)) await workers.take('wk_0', name);
    expect(await workers.settle()).toBe(moves);
    const counts = await workers.counts();
    expect(Math.max(...counts)).toBe(Math.ceil(accounts / nodes));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(accounts);
  },
);

test('an account is given only to a worker that can serve it, and only if that is still due', async () => {
  const workers = makeWorkers(await openStore(), { first: ['a', 'b', 'c'], second: ['c'], third: [] });
  for (const name of ['a', 'b', 'c']) await workers.take('first', name);
  expect(await workers.settle()).toBe(1);
  expect(await workers.counts()).toEqual([2, 1, 0]);
  expect([await workers.take('second', 'c'), await workers.take('second', 'a')]).toEqual([true, false]);
});
