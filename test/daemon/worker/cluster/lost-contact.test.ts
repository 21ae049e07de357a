/** A worker that loses contact with the database while it answers a chat, and gets it back before others take its work over. */
import { expect, test, vi } from 'vitest';
import { Membership } from '../../../../daemon/worker/store/postgres/members/membership.js';
import { MAX_ATTEMPTS } from '../../../../daemon/worker/turns/interrupted-turn.js';
import { callsTools, says } from '../../../fakes/openai/reply.js';
import { chatHistory, makeChat } from '../../../helpers/chat-fixture.js';
import { eventually } from '../../../helpers/eventually.js';
import { databaseOf, query } from '../../../helpers/store-engine.js';

/** A chat whose question is to be answered with the help of a tool; the contact is lost once the model has asked for it. */
async function makeWorld({ attempts = 0 } = {}) {
  const { start, say, told, model } = await makeChat();
  let isLost = true;
  vi.spyOn(Membership.prototype, 'validForMs').mockImplementation(() => (isLost && model.requests.length > 0 ? 0 : 15_000));
  const conversation = await start({ isActive: false });
  const { url = '' } = await databaseOf(conversation.home);
  model.reply(callsTools({ name: 'time', input: { timezone: 'UTC' } }), says('whole'));
  await say(conversation, 'hello');
  await query(url, `update inbox_messages set attempts = ${attempts}`);
  await conversation.activate();
  return { conversation, told, url, regain: () => void (isLost = false) };
}

test('gives the answer after it, and says nothing of it in the chat', async () => {
  const { conversation, told, url, regain } = await makeWorld();
  await eventually(async () =>
    expect(await query(url, `select attempts from inbox_messages where state = 'pending'`)).toEqual([{ attempts: '1' }]),
  );
  regain();
  expect(await told(1)).toEqual(['whole']);
  const history = await chatHistory(conversation);
  expect(history.filter((line) => line.startsWith('user'))).toEqual(['user complete: hello']);
  expect(history.at(-1)).toBe('assistant complete: whole');
});

test('says what is wrong where that has happened too often', async () => {
  const { told, url, regain } = await makeWorld({ attempts: MAX_ATTEMPTS - 1 });
  await eventually(async () => expect(await query(url, `select state from inbox_messages`)).toEqual([{ state: 'done' }]));
  regain();
  expect(await told(1)).toEqual([expect.stringContaining('lost contact with the database')]);
});
