import { expect, test, vi } from 'vitest';
import type { AccessToken } from '../../../../daemon/worker/access/access-tokens.js';
import { purgeCallUsage, readCallUsage } from '../../../../daemon/worker/store/overview/call-usage.js';
import type { UsedByCall } from '../../../../daemon/worker/spending/call-usage.js';
import { type Account, Spending, type SpendingOptions } from '../../../../daemon/worker/spending/spending.js';
import { dayOf, purgeSpending, readSpending } from '../../../../daemon/worker/store/overview/spending.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { GatewayError } from '../../../../shared/errors.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { openStore } from '../../../helpers/open-store.js';

const agent = { id: 'main' } as const;
const living = (...ids: string[]): SpendingOptions['liveness'] => ({ living: async () => new Set(ids) });

function spendingOf(store: Store, config: object, options: Partial<SpendingOptions> = {}) {
  const clock = new FakeClock(Date.parse('2026-11-27T18:00:00Z'));
  const logger = logMemory();
  const parsed = configSchema.parse(config);
  const tokens: SpendingOptions['tokens'] = { findById: async (id) => ({ id, name: 'ci', dailyUsd: 2 }) as AccessToken };
  const shared = { store, clock, logger, tokens, instanceId: 'wk_1', liveness: living('wk_1', 'wk_2') };
  return { spending: new Spending({ ...shared, config: () => parsed, ...options }), clock, logger };
}

const spentBy = (store: Store, clock: FakeClock) => store.read((tx) => readSpending(tx, dayOf(clock.now())));

test('fifty calls at once, in two workers, exceed a limit by no more than one reservation', async () => {
  const store = await openStore();
  const config = { agents: { dailyUsd: 1 } };
  const both = [spendingOf(store, config), spendingOf(store, config, { instanceId: 'wk_2' })];
  const call = async (index: number): Promise<number> => {
    const settle = await both[index % 2]?.spending.purse({ agent }).reserve(() => 0.1);
    await settle?.(0.1);
    return 0.1;
  };
  const results = await Promise.allSettled(Array.from({ length: 50 }, (_call, index) => call(index)));
  const spent = results.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0);
  expect(spent).toBeGreaterThanOrEqual(0.999);
  expect(spent).toBeLessThanOrEqual(1.1001);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'RATE_LIMITED' });
  expect((await spentBy(store, both[0]?.clock ?? new FakeClock())).get('all')).toBeCloseTo(spent, 6);
});

test('what a call did not cost is free for others, and a new day begins at midnight UTC', async () => {
  const store = await openStore();
  const { spending, clock, logger } = spendingOf(store, { agents: { list: [{ id: 'main', dailyUsd: 1 }] } });
  const reserve = (usd: number) => spending.purse({ agent: { id: 'main', dailyUsd: 1 } }).reserve(() => usd);
  const settle = await reserve(1);
  const reserved = await reserve(0.1).catch((error: unknown) => error);
  expect(reserved).toMatchObject({ code: 'RATE_LIMITED', details: { payer: 'agent:main', retryAfterSeconds: 5 } });
  expect(reserved).toHaveProperty(
    'message',
    'Calls that are running have reserved the rest of the 1 US dollars of today. Try again in a moment.',
  );
  expect([(reserved as GatewayError).details?.['resetAt'], logger.entries]).toEqual([undefined, []]);
  await settle?.(0.25);
  await (
    await reserve(0.5)
  )?.(0.75);
  const refused = reserve(0);
  await expect(refused).rejects.toMatchObject({ code: 'RATE_LIMITED', details: { payer: 'agent:main', retryAfterSeconds: 6 * 3_600 } });
  await expect(refused).rejects.toThrow(
    "The agent 'main' has spent the 1 US dollars of today; the limit is reset at 2026-11-28T00:00:00.000Z",
  );
  expect(logger.entries.filter(({ message }) => message === 'a daily limit is used up')).toHaveLength(1);
  clock.advance(6 * 3_600_000);
  await (
    await reserve(1)
  )?.(0.1);
  expect(await spentBy(store, clock)).toEqual(new Map([['agent:main', 0.1]]));
  expect(await store.write((tx) => purgeSpending(tx, '2026-11-28'))).toBe(1);
});

test('a call counts for everyone who has a limit, or for nobody', async () => {
  const store = await openStore();
  const { spending, clock } = spendingOf(store, { agents: { dailyUsd: 10, defaults: { dailyUsd: 5 } }, cron: { jobDailyUsd: 3 } });
  const settle = await spending.purse({ agent, jobId: 'job_1', tokenId: 'tok_1' }).reserve(() => 1);
  await settle?.(2);
  await settle?.(2);
  const all = [
    ['agent:main', 2],
    ['all', 2],
    ['job:job_1', 2],
    ['token:tok_1', 2],
  ];
  expect([...(await spentBy(store, clock))].toSorted(([a], [b]) => a.localeCompare(b))).toEqual(all);
  const refused = spending.purse({ agent, tokenId: 'tok_1' }).reserve(() => 1);
  await expect(refused).rejects.toThrow("The access token 'ci' has spent the 2 US dollars");
  await (
    await spending.purse({}).reserve(() => 1)
  )?.(0.5);
  expect((await spentBy(store, clock)).get('all')).toBe(2.5);
  // A job's own limit is in the place of that of all jobs.
  const ownLimit = { jobId: 'job_2', jobDailyUsd: '0.25' };
  await (
    await spending.purse(ownLimit).reserve(() => 1)
  )?.(0.25);
  await expect(spending.purse(ownLimit).reserve(() => 0)).rejects.toThrow('The scheduled job job_2 has spent the 0.25 US dollars');
});

test('work of an access token that has ended calls no model any more', async () => {
  const tokens: SpendingOptions['tokens'] = { findById: async () => undefined };
  const { spending } = spendingOf(await openStore(), {}, { tokens });
  await expect(spending.purse({ agent, tokenId: 'tok_1' }).reserve(() => 0)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('without a limit nothing is estimated or written', async () => {
  const store = { write: () => Promise.reject(new Error('written')) } as unknown as Store;
  const { spending } = spendingOf(store, {});
  const settle = await spending.purse({ agent }).reserve(() => {
    throw new Error('estimated');
  });
  expect(settle).toBe(undefined);
});

test('a call whose worker was killed counts as the most that it could cost', async () => {
  const store = await openStore();
  const config = { agents: { dailyUsd: 1 } };
  await spendingOf(store, config, { instanceId: 'wk_dead' })
    .spending.purse({ agent })
    .reserve(() => 0.75);
  const { spending, clock } = spendingOf(store, config);
  await (
    await spending.purse({ agent }).reserve(() => 0.1)
  )?.(0.1);
  expect((await spentBy(store, clock)).get('all')).toBeCloseTo(0.85, 9);
});

const used = { ref: 'up/one', inputTokens: 100, outputTokens: 10, cacheReadTokens: 40, cacheWriteTokens: 0, costUsd: 0.5 };
const usageIn = (store: Store, clock: FakeClock) =>
  store.read((tx) => readCallUsage(tx, { fromMs: clock.now() - 86_400_000, toMs: clock.now() + 86_400_000 }));

test('calls of no turn are added up by kind, agent and token without a wait of theirs; those of a turn are not', async () => {
  const store = await openStore();
  const { spending, clock } = spendingOf(store, {});
  const write = vi.spyOn(store, 'write');
  const call = async (account: Account, usage: UsedByCall | null = used): Promise<void> =>
    (await spending.purse(account).reserve(() => 9))?.(0.5, usage ?? undefined);
  await call({ agent, kind: 'completion', tokenId: 'tok_1' });
  await call({ agent, kind: 'completion', tokenId: 'tok_1' }, { ...used, costUsd: null, inputTokens: null });
  await call({ kind: 'embedding' }, { ...used, ref: 'up/e\u0000' });
  await call({ kind: 'completion' }, null);
  await call({ agent });
  // The token has a limit: these are stored with what they count against it.
  expect(write).toHaveBeenCalledTimes(4);
  clock.advance(1_000);
  await spending.close();
  expect(write).toHaveBeenCalledTimes(5);
  await call({ kind: 'embedding' });
  clock.advance(2_000);
  const slot = Math.floor(clock.now() / 900_000);
  const sums = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 80, cacheWriteTokens: 0, costUsd: 0.5, calls: 2, unpricedCalls: 1 };
  const one = { ...sums, outputTokens: 10, cacheReadTokens: 40, calls: 1, unpricedCalls: 0 };
  expect(await usageIn(store, clock)).toEqual([
    { ...sums, slot, kind: 'completion', model: 'up/one', agentId: 'main', tokenId: 'tok_1', tokenName: 'ci' },
    { ...one, slot, kind: 'embedding', model: 'up/e\u0000', agentId: '', tokenId: '', tokenName: '' },
  ]);
  expect(await store.write((tx) => purgeCallUsage(tx, clock.now()))).toBe(0);
  expect(await store.write((tx) => purgeCallUsage(tx, clock.now() + 900_000))).toBe(2);
});

test('usage is kept while the store is unavailable, and a flood of models fills no table', async () => {
  const store = await openStore();
  let isAvailable = false;
  const unavailable = () => Promise.reject(new GatewayError('UNAVAILABLE', { message: 'locked' }));
  const port: SpendingOptions['store'] = { write: (work) => (isAvailable ? store.write(work) : unavailable()) };
  const { spending, clock, logger } = spendingOf(store, {}, { store: port });
  for (let model = 0; model < 510; model += 1)
    await (
      await spending.purse({ kind: 'completion' }).reserve(() => 0)
    )?.(0, { ...used, ref: `up/${model}` });
  await spending.flush();
  isAvailable = true;
  await spending.flush();
  const stored = await usageIn(store, clock);
  expect(stored.reduce((sum, { calls }) => sum + calls, 0)).toBe(510);
  expect(stored).toHaveLength(501);
  expect(stored.find(({ model }) => model === '(other)')).toMatchObject({ calls: 10 });
  expect(logger.entries).toEqual([]);
});
