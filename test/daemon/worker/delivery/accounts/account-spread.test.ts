import { expect, test } from 'vitest';
import { AccountSpread } from '../../../../../daemon/worker/delivery/accounts/account-spread.js';
import { listAccounts, takeAccount } from '../../../../../daemon/worker/store/delivery/account-leases.js';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { advanceUntil } from '../../../../helpers/advance-until.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { openStore } from '../../../../helpers/open-store.js';

const IDS = ['wk_1', 'wk_2'];

/** A worker with two accounts, beside one that can serve both and has none. */
async function makeSpread() {
  const store = await openStore();
  const clock = new FakeClock();
  const takers = async () => [{ id: 'wk_2', accounts: new Set(['webhook/a', 'webhook/b']) }];
  const liveness = { ...createLiveness('wk_1', () => IDS), takers };
  const log = logMemory();
  const failed = new Set<string>();
  const channels = {
    canServe: ({ accountId }: { accountId: string }) => !failed.has(accountId),
    handOver: (_account: unknown, move: () => Promise<boolean>) => move(),
  };
  for (const accountId of ['a', 'b'])
    await store.write((tx) => takeAccount(tx, { channel: 'webhook', accountId }, { owner: 'wk_1', liveness, nowMs: 0 }));
  const spread = new AccountSpread({ store, clock, logger: log, instanceId: 'wk_1', liveness, channels });
  const held = async (): Promise<string[][]> =>
    Promise.all(IDS.map(async (id) => (await store.read((tx) => listAccounts(tx, id))).map(({ accountId }) => accountId)));
  return { spread, clock, log, failed, channels, held };
}

test('a worker gives away what it has too much, and what is being given away when it stops', async () => {
  const { spread, clock, log, channels, held } = await makeSpread();
  const { promise: begun, resolve: begin } = deferred();
  const { promise: released, resolve: release } = deferred();
  channels.handOver = async (_account, move) => {
    begin();
    await released;
    return move();
  };
  spread.start();
  clock.advance(3_000);
  await begun;
  const stopped = spread.stop();
  release();
  await stopped;
  expect((await held()).map(({ length }) => length)).toEqual([1, 1]);
  expect(log.entries).toMatchObject([{ level: 'info', fields: { channel: 'webhook' } }]);
  clock.advance(60_000);
  await spread.stop();
  expect((await held()).map(({ length }) => length)).toEqual([1, 1]);
});

test('an account that has failed is given up; after an error of a channel the rest is tried again', async () => {
  const { spread, clock, log, failed, channels, held } = await makeSpread();
  let isBroken = true;
  channels.handOver = async (_account, move) => {
    if (isBroken) throw new Error('odd');
    return move();
  };
  spread.start();
  await advanceUntil(clock, () => log.entries.length === 1);
  expect(log.entries).toMatchObject([{ level: 'warn', message: expect.stringContaining('failed to distribute') }]);
  expect((await held()).map(({ length }) => length)).toEqual([2, 0]);
  isBroken = false;
  await advanceUntil(clock, () => log.entries.length === 2);
  const [own = []] = await held();
  failed.add(own[0] ?? '');
  await eventually(async () => {
    clock.advance(3_000);
    expect((await held()).map(({ length }) => length)).toEqual([0, 1]);
  });
  await spread.stop();
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
