/** An outbox over a real store, with channels and a clock in the hands of the test. */
import { onTestFinished } from 'vitest';
import { Outbox } from '../../daemon/worker/delivery/outbox.js';
import { readPartStates } from '../../daemon/worker/store/delivery/outbox.js';
import { findOutboxMessage, type OutboxSummary } from '../../daemon/worker/store/delivery/outbox-pages.js';
import type { Store } from '../../daemon/worker/store/store.js';
import { FakeClock } from './fake-clock.js';
import { logMemory, type LogMemory } from './log-memory.js';
import { openStore } from './open-store.js';
import { ScriptedChannels } from './scripted-channels.js';
import { createLiveness } from '../../daemon/worker/store/liveness.js';

export interface OutboxFixture {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly clock: FakeClock;
  readonly channels: ScriptedChannels;
  readonly log: LogMemory;
  /** The states that were told, as `id state`. */
  readonly told: string[];
  /** For how long the worker is surely not taken for dead. */
  readonly validity: { ms: number };
  /** Advances the clock in small steps, and lets the work of each end. */
  readonly advance: (ms: number) => Promise<void>;
  /** Advances the clock until something is to be sent. */
  readonly untilPending: () => Promise<void>;
  readonly put: (chatId: string, content: string, options?: { accountId?: string; id?: string }) => Promise<string>;
  readonly read: (id: string) => Promise<OutboxSummary>;
  readonly partStates: (id: string) => Promise<string[]>;
  /** Resolves when the message is in that state. */
  readonly until: (id: string, state: string) => Promise<OutboxSummary>;
}

export interface OutboxFixtureOptions {
  readonly store?: Store;
  readonly clock?: FakeClock;
  readonly channels?: ScriptedChannels;
  readonly instanceId?: string;
  liveInstanceIds?(): readonly string[];
}

export async function makeOutbox(options: OutboxFixtureOptions = {}): Promise<OutboxFixture> {
  const store = options.store ?? (await openStore());
  const { clock = new FakeClock(), channels = new ScriptedChannels(), instanceId = 'wk_1' } = options;
  const log = logMemory();
  const told: string[] = [];
  const validity = { ms: Infinity };
  const named = createLiveness(instanceId, () => options.liveInstanceIds?.() ?? [instanceId]);
  const liveness = { ...named, validForMs: () => validity.ms };
  const outbox = new Outbox({
    store,
    clock,
    channels,
    logger: log,
    instanceId,
    liveness,
    random: () => 0,
    onRecorded: ({ messageId }, state) => told.push(`${messageId} ${state}`),
  });
  // Sends that nobody answers are cut, before the store is closed.
  onTestFinished(async () => {
    const stopped = outbox.stop(0);
    clock.advance(0);
    await stopped;
  });
  let count = 0;
  const read = async (id: string): Promise<OutboxSummary> => {
    const row = await store.read((tx) => findOutboxMessage(tx, id));
    if (row === undefined) throw new Error(`there is no message ${id}`);
    return row;
  };
  return {
    store,
    outbox,
    clock,
    channels,
    log,
    told,
    validity,
    read,
    async advance(ms) {
      for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
        clock.advance(Math.min(leftMs, 500));
        // The disk keeps pace with the clock.
        for (let turn = 0; turn < 3; turn += 1) await store.write(() => Promise.resolve());
      }
    },
    async untilPending() {
      while (channels.pending === 0) {
        clock.advance(500);
        await store.write(() => Promise.resolve());
      }
    },
    async put(chatId, content, { accountId = 'a', id = `msg_${(count += 1)}` } = {}) {
      const lane = { channel: 'test', accountId, chatId };
      await store.write((tx) => outbox.enqueue(tx, { ...lane, id, content }));
      outbox.wake(lane);
      return id;
    },
    partStates: async (id) => {
      const { seq } = await read(id);
      return store.read((tx) => readPartStates(tx, seq));
    },
    async until(id, state) {
      for (;;) {
        const row = await read(id);
        if (row.state === state) break;
        // Nothing tells when a row has changed; the test's own time limit ends a wait in vain.
        await new Promise(setImmediate);
      }
      // A reader sees what is not on disk yet. A write of ours comes after it is, and then the outbox has heard of it too.
      await store.write(() => Promise.resolve());
      await new Promise(setImmediate);
      return read(id);
    },
  };
}
