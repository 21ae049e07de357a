import { CompiledQuery } from 'kysely';
import { expect, test } from 'vitest';
import { createUsageService } from '../../../../daemon/worker/observe/usage.js';
import { beginTurn, endTurn } from '../../../../daemon/worker/store/conversations/turns.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { addCallUsage, slotOf } from '../../../../daemon/worker/store/overview/call-usage.js';
import { selectUsage } from '../../../../daemon/worker/store/overview/usage.js';
import { DAY_MS, systemClock } from '../../../../shared/clock.js';
import { usageResponse } from '../../../../shared/api/gateway/usage.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { isOnPostgres } from '../../../helpers/store-engine.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const calls = { flush: async () => undefined };
const NOON = Date.parse('2026-03-10T12:00:00Z');

interface Used {
  readonly atMs: number;
  readonly model?: string | null;
  readonly tokens?: readonly [number, number];
  readonly costUsd?: number | null;
}

/** Turns of one session, with ids as the gateway makes them. */
async function addTurns(store: Store, sessionId: number, turns: readonly Used[]): Promise<void> {
  await store.write(async (tx) => {
    for (const [index, { atMs, model = 'a/b', tokens, costUsd = null }] of turns.entries()) {
      const id = `turn_${atMs.toString(16).padStart(12, '0')}${`${sessionId}${index}`.padStart(20, '0')}`;
      await beginTurn(tx, { id, sessionId, agentId: 'main', tokenId: null, instanceId: 'wk_1', nowMs: atMs });
      const [inputTokens = null, outputTokens = null] = tokens ?? [];
      const usage = { inputTokens, outputTokens, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd };
      await endTurn(tx, { id, state: 'done', model, usage, error: null, nowMs: atMs });
    }
  });
}

test('turns are added up by day, model and session; what has no price is counted as such', async () => {
  const store = await openStore();
  const [one, two] = [await addSession(store, 'one'), await addSession(store, 'two')];
  await addTurns(store, one.id, [
    { atMs: NOON, tokens: [100, 10], costUsd: 0.5 },
    { atMs: NOON - DAY_MS, tokens: [10, 1], costUsd: 0.25 },
    { atMs: NOON - 3 * DAY_MS, tokens: [1_000, 1_000], costUsd: 9 },
    { atMs: NOON, model: 'xopc/guide' },
    { atMs: NOON, model: null },
  ]);
  await addTurns(store, two.id, [{ atMs: NOON + 1, model: 'c/d', tokens: [5, 5] }]);
  const service = createUsageService({ store, calls, clock: { ...systemClock, now: () => NOON + 5 } });
  const usage = await service.read({ days: 3, utcOffsetMinutes: 0 });
  expect(usageResponse().parse({ status: 'ok', ...usage })).toMatchObject({
    total: { turns: 3, inputTokens: 115, outputTokens: 16, costUsd: 0.75, unpricedTurns: 1 },
    days: [
      { date: '2026-03-08', models: [] },
      { date: '2026-03-09', models: [{ model: 'a/b', turns: 1 }] },
      {
        date: '2026-03-10',
        models: [
          { model: 'a/b', costUsd: 0.5 },
          { model: 'c/d', costUsd: 0, unpricedTurns: 1 },
        ],
      },
    ],
    models: [{ model: 'a/b', turns: 2 }, { model: 'c/d' }],
    sessions: [{ key: one.key, costUsd: 0.75 }, { key: two.key }],
  });
});

test('a day begins where the caller is', async () => {
  const store = await openStore();
  const { id } = await addSession(store, 'one');
  await addTurns(store, id, [{ atMs: Date.parse('2026-03-09T23:30:00Z'), tokens: [1, 1] }]);
  const service = createUsageService({ store, calls, clock: { ...systemClock, now: () => NOON } });
  const datesWith = async (utcOffsetMinutes: number): Promise<string[]> =>
    (await service.read({ days: 2, utcOffsetMinutes })).days.filter(({ models }) => models.length > 0).map(({ date }) => date);
  expect([await datesWith(0), await datesWith(60), await datesWith(-720)]).toEqual([['2026-03-09'], ['2026-03-10'], ['2026-03-09']]);
});

test('calls that belong to no turn count by kind, agent, token and day, and in no session', async () => {
  const store = await openStore();
  const { id } = await addSession(store, 'one');
  await addTurns(store, id, [{ atMs: NOON, tokens: [100, 10], costUsd: 0.5 }]);
  const call = {
    kind: 'completion' as const,
    model: 'a/b',
    agentId: 'main',
    tokenId: 'tok_1',
    tokenName: 'ci',
    calls: 1,
    inputTokens: 1,
    outputTokens: 2,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    costUsd: 1,
    unpricedCalls: 0,
  };
  const midnight = Date.parse('2026-03-09T18:15:00Z');
  await store.write((tx) =>
    addCallUsage(tx, [
      { ...call, slot: slotOf(midnight - 1) },
      { ...call, slot: slotOf(midnight) },
      { ...call, slot: slotOf(midnight), kind: 'embedding', agentId: '', tokenId: '', tokenName: '', costUsd: 0, unpricedCalls: 1 },
    ]),
  );
  const service = createUsageService({ store, calls, clock: { ...systemClock, now: () => NOON } });
  // Nepal, where a day begins at 18:15 UTC.
  const usage = await service.read({ days: 2, utcOffsetMinutes: 345 });
  expect(usageResponse().parse({ status: 'ok', ...usage })).toMatchObject({
    total: { turns: 1, calls: 3, inputTokens: 103, costUsd: 2.5, unpricedTurns: 0, unpricedCalls: 1 },
    days: [{ models: [{ turns: 0, calls: 1 }] }, { models: [{ turns: 1, calls: 2, costUsd: 1.5 }] }],
    sessions: [{ turns: 1, calls: 0 }],
    agents: [{ agentId: 'main', turns: 1, calls: 2 }],
    kinds: [
      { kind: 'completion', turns: 0, calls: 2 },
      { kind: 'turn', turns: 1, calls: 0 },
      { kind: 'embedding', unpricedCalls: 1 },
    ],
    tokens: [{ id: 'tok_1', name: 'ci', calls: 2, costUsd: 2 }],
  });
});

test('a day is found by the key of its turns, however many there are', async ({ skip }) => {
  skip(isOnPostgres, 'reads the query plan of SQLite');
  const store = await openStore();
  const plan = await store.read(async (tx) => {
    const { sql, parameters } = selectUsage(tx, { fromMs: NOON, toMs: NOON + DAY_MS, except: 'x' }).compile();
    return (await queriesOf(tx).executeQuery<{ detail: string }>(CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]))).rows;
  });
  expect(plan.map(({ detail }) => detail).join()).toMatch(/SEARCH turns USING INDEX sqlite_autoindex_turns_1 \(id>\? AND id<\?\)/);
});
