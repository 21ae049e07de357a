import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../../../daemon/worker/store/engine.js';
import { probeWriting } from '../../../../../daemon/worker/store/leases.js';
import { MIN_VALID_MS, mustBeValid } from '../../../../../daemon/worker/store/liveness.js';
import type { Membership } from '../../../../../daemon/worker/store/postgres/members/membership.js';
import { eventually } from '../../../../helpers/eventually.js';
import { createDatabase, postgresAt, query } from '../../../../helpers/store-engine.js';

beforeEach(() => {
  // The time of the server is real; ours runs when a test says so.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Worker {
  readonly database: OpenDatabase;
  readonly membership: Membership;
  readonly lost: unknown[];
}

async function join(url: string, { id, gateway = id, living }: { id: string; gateway?: string; living?: string[] }): Promise<Worker> {
  const lost: unknown[] = [];
  const lineage = { id: gateway, name: `${gateway} on a host` };
  const onLost = (error: unknown): void => void lost.push(error);
  const engine = postgresAt(url, { instanceId: id, lineage, livingIds: () => living ?? [id], onLost });
  const database = await engine.open({ isAlone: true });
  onTestFinished(() => database.close());
  return { database, membership: engine.membership, lost };
}

const livingFor = async ({ database, membership }: Worker): Promise<unknown[]> =>
  [...(await membership.living(database.reader))].toSorted();
const expire = (url: string, id: string) => query(url, `update instances set expires_at = now() - interval '1 second' where id = '${id}'`);
const leftSeconds = async (url: string, id: string): Promise<number> =>
  Number(
    (await query(url, `select extract(epoch from expires_at - clock_timestamp()) as left from instances where id = '${id}'`))[0]?.['left'],
  );

test('workers of several gateways live beside each other; of its own ones a gateway knows at once which have ended', async () => {
  const url = await createDatabase();
  const living = ['a1', 'a2'];
  const one = await join(url, { id: 'a1', gateway: 'a', living });
  expect(one.membership.isSole()).toBe(true);
  await join(url, { id: 'a2', gateway: 'a', living });
  const other = await join(url, { id: 'b1', gateway: 'b' });
  expect(await livingFor(one)).toEqual(['a1', 'a2', 'b1']);
  expect([one.membership.isAlone(), other.membership.isSole()]).toEqual([false, false]);
  expect(other.membership.nodes()).toMatchObject([
    { name: 'a on a host', version: '1.0.0', build: 'b1', address: null, settings: 'same', isSelf: false },
    { name: 'b on a host', isSelf: true },
  ]);
  living.pop();
  expect(await livingFor(one)).toEqual(['a1', 'b1']);
  expect(await livingFor(other)).toEqual(['a1', 'a2', 'b1']);
  await other.database.close();
  expect(await livingFor(one)).toEqual(['a1']);
});

test('a row is renewed; one that is not, is removed by another worker soon after its time, and its worker then writes nothing', async () => {
  const url = await createDatabase();
  const silent = await join(url, { id: 'silent' });
  // It stops.
  vi.clearAllTimers();
  const watcher = await join(url, { id: 'watcher' });
  await query(url, `update instances set expires_at = expires_at - interval '3 seconds'`);
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(async () => expect(await leftSeconds(url, 'watcher')).toBeGreaterThan(12.5));
  // Nobody has removed it yet.
  await expire(url, 'silent');
  await silent.database.transaction(probeWriting);
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(async () => expect(await livingFor(watcher)).toEqual(['watcher']));
  const error = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('considered this worker dead') as string };
  await expect(silent.database.transaction(probeWriting)).rejects.toMatchObject(error);
  await expect(silent.database.transaction(probeWriting)).rejects.toMatchObject(error);
  await eventually(() => expect(silent.lost).toMatchObject([error]));
  expect(() => mustBeValid(silent.membership)).toThrow('has lost contact');
  await watcher.database.transaction(probeWriting);
});

test('a worker that renews its row is not removed when a forward step of the server’s clock makes it expire', async () => {
  const url = await createDatabase();
  await join(url, { id: 'other' });
  // The watcher looks before it renews.
  vi.clearAllTimers();
  const watcher = await join(url, { id: 'watcher' });
  const renewal = async () => (await query(url, "select renewed_at::text from instances where id = 'watcher'"))[0];
  await expire(url, 'other');
  for (const ms of [1_000, 5_000]) {
    const before = await renewal();
    await vi.advanceTimersByTimeAsync(ms);
    await eventually(async () => expect(await renewal()).not.toEqual(before));
  }
  // A round removes what has expired before the next one renews.
  expect(await livingFor(watcher)).toEqual(['other', 'watcher']);
});

test('a worker whose row was removed hears of it at its next renewal', async () => {
  const url = await createDatabase();
  const one = await join(url, { id: 'one' });
  await query(url, 'delete from instances');
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(() => expect(one.lost).toHaveLength(1));
});

test('without a renewal it is valid for 10 s, and a clock that jumps counts, too', async () => {
  const url = await createDatabase();
  const { membership } = await join(url, { id: 'one' });
  expect(membership.validForMs()).toBeLessThanOrEqual(15_000);
  // Nothing is renewed.
  vi.clearAllTimers();
  await vi.advanceTimersByTimeAsync(9_000);
  mustBeValid(membership);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(membership.validForMs()).toBeLessThan(MIN_VALID_MS);
  expect(() => mustBeValid(membership)).toThrow('has lost contact');
  const suspended = await join(url, { id: 'two' });
  vi.setSystemTime(Date.now() + 60_000);
  expect(() => mustBeValid(suspended.membership)).toThrow('has lost contact');
});

test('after a time without the database, others get time to renew before they are removed', async () => {
  const url = await createDatabase();
  await join(url, { id: 'slower' });
  vi.clearAllTimers();
  const first = await join(url, { id: 'first' });
  await expire(url, 'slower');
  // As if the renewals before had failed.
  vi.setSystemTime(Date.now() + 20_000);
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(() => expect(first.membership.validForMs()).toBeGreaterThan(MIN_VALID_MS));
  expect(await livingFor(first)).toEqual(['first', 'slower']);
  await vi.advanceTimersByTimeAsync(5_000);
  await eventually(async () => expect(await livingFor(first)).toEqual(['first']));
});
