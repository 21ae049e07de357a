import { expect, onTestFinished, test, vi } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { isOnPostgres } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { startTurnHolder } from '../../../helpers/turn-holder.js';
import { eventually } from '../../../helpers/eventually.js';
import { logMemory } from '../../../helpers/log-memory.js';
import { configSchema } from '../../../../shared/config/schema.js';
import { Upkeep } from '../../../../daemon/worker/upkeep/upkeep.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const KEY = 'main:webchat:default:direct:chat';

/** A home where a worker runs a turn in a chat. */
async function busyHome() {
  const home = tempDir();
  await startTurnHolder(home);
  return { home };
}

test('a turn found unfinished at boot is marked interrupted and not run again', async () => {
  const { home } = await busyHome();
  const conversation = await makeConversation({ home });
  const { messages } = await conversation.sessions.get(KEY);
  expect(messages.map(({ role, status }) => `${role} ${status}`)).toEqual(['user complete', 'system error']);
  expect(messages[1]?.content).toContain('Send the message again');
});

test('turns of an older worker that is still ending are left alone and checked until it is gone', async () => {
  const { home } = await busyHome();
  const clock = new FakeClock();
  const live = ['wk_test', 'wk_other'];
  const conversation = await makeConversation({ home, clock, liveInstanceIds: () => live });
  expect((await conversation.sessions.get(KEY)).messages).toHaveLength(1);
  clock.advance(1_000);
  await conversation.sessions.list({});
  expect((await conversation.sessions.get(KEY)).messages).toHaveLength(1);
  live.pop();
  await eventually(async () => {
    clock.advance(1_000);
    expect((await conversation.sessions.get(KEY)).messages).toHaveLength(2);
  });
});

test('while other gateways live, turns of dead workers are looked for all the time, and data is purged once an hour', async () => {
  const [store, clock] = [await openStore(), new FakeClock()];
  let [looks, others, found] = [0, 1, 0];
  const journal = {
    async interruptOrphans() {
      looks += 1;
      return others;
    },
  };
  const liveness = { lookAgainMs: () => 2_000 };
  const waiting = { giveUpDeleted: async () => undefined, look: async () => void (found = looks) };
  const purged = vi.spyOn(store, 'write');
  let jobsPurged = 0;
  const purgeJobs = async (): Promise<void> => void (jobsPurged += 1);
  const config = () => configSchema.parse({});
  const upkeep = new Upkeep({ store, journal, waiting, liveness, clock, logger: logMemory(), config, purgeJobs });
  onTestFinished(() => upkeep.stop());
  const look = async (ms: number): Promise<void> => {
    const before = looks;
    await eventually(() => {
      clock.advance(ms);
      expect(looks).toBeGreaterThan(before);
    });
  };
  await upkeep.start();
  await look(1_000);
  // Those that were approved before go on.
  await eventually(() => expect(found).toBe(looks));
  expect(purged).not.toHaveBeenCalled();
  // The others are never idle.
  clock.jump(60 * 60 * 1_000);
  await eventually(() => {
    clock.advance(1_000);
    expect(purged).toHaveBeenCalled();
  });
  others = 0;
  await look(2_000);
  purged.mockClear();
  for (let time = 0; time < 3; time += 1) await look(2_000);
  expect(purged).not.toHaveBeenCalled();
  expect(jobsPurged).toBe(1);
});

// On PostgreSQL the time is that of the database.
test.skipIf(isOnPostgres)('a deleted session is removed for good after a week', async () => {
  const clock = new FakeClock();
  const home = tempDir();
  const conversation = await makeConversation({ home, clock });
  await conversation.messages.accept({ channel: 'webchat', chat_id: 'chat', content: 'x' });
  await conversation.sessions.delete(KEY);
  const store = await openStore({ home });
  const count = async () => (await store.read((tx) => queriesOf(tx).selectFrom('messages').select('id').execute())).length;
  expect(await count()).toBe(1);
  clock.jump(7 * 24 * 60 * 60 * 1_000);
  // Its first round may have begun before the jump; the next comes an hour later.
  await eventually(async () => {
    clock.advance(60 * 60 * 1_000);
    // A write comes after those of that hour: the disk keeps pace with the clock.
    await conversation.sessions.create({});
    expect(await count()).toBe(0);
  });
});
