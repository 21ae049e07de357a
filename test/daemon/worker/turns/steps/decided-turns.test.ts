import { expect, test } from 'vitest';
import { createLiveness } from '../../../../../daemon/worker/store/liveness.js';
import { reopenTurn } from '../../../../../daemon/worker/store/turns/waiting-turns.js';
import { WaitingTurns } from '../../../../../daemon/worker/turns/steps/waiting-turns.js';
import type { ProviderRegistry } from '../../../../../daemon/worker/providers/registry.js';
import { eventually } from '../../../../helpers/eventually.js';
import { FakeClock } from '../../../../helpers/fake-clock.js';
import { logMemory } from '../../../../helpers/log-memory.js';
import { openStore } from '../../../../helpers/open-store.js';
import { testConfig } from '../../../../helpers/test-config.js';
import { addWaitingTurn } from '../../../../helpers/waiting-turn.js';

const COUNT = 12;

test('of many turns that are decided about at once, eight go on, and the next one when one of them ends', async () => {
  const store = await openStore();
  const sessions = new Map<string, number>();
  for (let nowMs = 0; nowMs < COUNT; nowMs += 1) {
    const { turnId, sessionId } = await addWaitingTurn(store, { name: `${nowMs}`, nowMs });
    sessions.set(turnId, sessionId);
  }
  const logger = logMemory();
  const waiting = new WaitingTurns({
    store,
    logger,
    clock: new FakeClock(),
    instanceId: 'wk_1',
    liveness: createLiveness('wk_1', () => ['wk_1']),
    live: { touch: () => undefined },
    inbox: { wake: () => undefined },
    outbox: { enqueue: async () => undefined, wake: () => undefined },
    config: () => testConfig(),
    registry: () => ({ defaultRef: async () => 'fake/one', resolve: () => ({}) }) as unknown as ProviderRegistry,
  });
  const begun: { readonly id: string; readonly end: () => void }[] = [];
  async function* start({ previousTurnId: id = '' }: { readonly previousTurnId?: string | undefined }) {
    await store.write((tx) => reopenTurn(tx, { id, sessionId: sessions.get(id) ?? 0, instanceId: 'wk_1' }));
    await new Promise<void>((end) => begun.push({ id, end }));
    yield* [];
  }
  await waiting.start({ turns: { start }, wakeJobs: () => undefined });
  for (let ended = 0; ended < COUNT; ended += 1) {
    await eventually(() => expect(begun).toHaveLength(Math.min(COUNT, ended + 8)));
    // Another decision changes nothing about that.
    await waiting.look();
    expect(begun).toHaveLength(Math.min(COUNT, ended + 8));
    begun[ended]?.end();
  }
  expect(new Set(begun.map(({ id }) => id)).size).toBe(COUNT);
  expect(logger.entries).toEqual([]);
  await waiting.stop();
});
