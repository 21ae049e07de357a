/** Two workers on one database: answers that one gives end when somebody asks the other to end them. */
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../../shared/clock.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { eventually } from '../../../helpers/eventually.js';
import { fakeModels, makeConversation } from '../../../helpers/make-conversation.js';
import { databaseOf, query } from '../../../helpers/store-engine.js';
import { tempDir } from '../../../helpers/temp-dir.js';

/** One on which no look for changes ever comes by itself. */
const never = { ...systemClock, after: (ms: number, run: () => void) => (ms < 500 ? systemClock.after(ms, run) : () => undefined) };

async function makeWorld() {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const home = tempDir();
  const { url = '' } = await databaseOf(home);
  const config = { agents: { defaults: { model: 'fake/one' } } };
  const shared = { home, config, models: fakeModels(model.baseUrl), liveInstanceIds: () => ['wk_a', 'wk_b'] };
  const active = await makeConversation({ ...shared, instanceId: 'wk_a', clock: never });
  const other = await makeConversation({ ...shared, instanceId: 'wk_b', clock: never, isActive: false });
  const listening = `select from pg_stat_activity where datname = current_database() and query = 'listen xopc' and state = 'idle'`;
  await eventually(async () => expect(await query(url, listening)).toHaveLength(2));
  const texts = async (key: string): Promise<string[]> => (await active.sessions.get(key)).messages.map(({ content }) => content);

  /** Begins an answer that does not end by itself. @returns the session */
  async function begin(): Promise<string> {
    const { session } = await active.sessions.create({ chatId: `chat${Math.random()}` });
    model.reply({ type: 'text', parts: ['one ', 'two ', 'three'], gate: { before: 2, until: new Promise(() => undefined) } });
    await active.chat.send({ session: session.key, key: 'question', content: 'Count' }, undefined);
    await eventually(async () => expect(await query(url, `select from turn_parts where text = 'one two '`)).toHaveLength(1));
    return session.key;
  }
  const states = async (): Promise<unknown[]> =>
    (await query(url, 'select state, error_code from turns order by created_at')).map((row) => Object.values(row));
  return { active, other, begin, texts, states };
}

test('the page’s stop, /stop in a chat or as a command, and the deletion of the session reach the worker that gives the answer', async () => {
  const { other, begin, texts, states } = await makeWorld();
  const stopped = await begin();
  expect(await other.chat.stop(stopped)).toBe(true);
  await eventually(async () => expect(await texts(stopped)).toEqual(['Count', 'one two ']));
  expect(await other.chat.stop(stopped)).toBe(false);

  const asked = await begin();
  await other.chat.send({ session: asked, key: 'stop', content: '/stop' }, undefined);
  await eventually(async () => expect(await texts(asked)).toEqual(['Count', 'one two ', '/stop', expect.stringContaining('Stopped')]));

  const commanded = await begin();
  const message = { channel: 'webchat', chat_id: commanded.split(':').at(-1) ?? '', content: '/stop' };
  expect(await other.messages.sync(message, { deliver: false, signal: new AbortController().signal })).toEqual({
    reply: expect.stringContaining('Stopped') as string,
  });
  expect(await texts(commanded)).toEqual(['Count', 'one two ', '/stop', expect.stringContaining('Stopped')]);

  const deleted = await begin();
  await other.sessions.delete(deleted);
  await eventually(async () =>
    expect((await states()).map((row) => (row as string[])[0])).toEqual(['aborted', 'aborted', 'done', 'aborted', 'done', 'aborted']),
  );
});
