import { expect, test } from 'vitest';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { makeConversation } from '../../../helpers/make-conversation.js';
import { openStore } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { startTurnHolder } from '../../../helpers/turn-holder.js';
import { eventually } from '../../../helpers/eventually.js';
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

test('a deleted session is removed for good after a week', async () => {
  const clock = new FakeClock();
  const home = tempDir();
  const conversation = await makeConversation({ home, clock });
  await conversation.messages.accept({ channel: 'webchat', chat_id: 'chat', content: 'x' }, {});
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
