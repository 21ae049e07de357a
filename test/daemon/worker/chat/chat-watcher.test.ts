import { expect, onTestFinished, test } from 'vitest';
import { watchChat } from '../../../../daemon/worker/chat/chat-watcher.js';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { LiveTurns } from '../../../../daemon/worker/turns/live-turns.js';
import type { BegunTurn } from '../../../../daemon/worker/turns/turn-journal.js';
import type { ChatEvent } from '../../../../shared/api/socket.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { addSession, openStore } from '../../../helpers/open-store.js';

/** A watcher that has everything, of a chat whose turns are run by hand. */
async function makeWorld() {
  const store = await openStore();
  const session = await addSession(store, 'chat');
  const live = new LiveTurns();
  const turn: BegunTurn = { id: 'turn_1', session, questionSeq: 1, questionId: 'question' };
  const whileReading: (() => Promise<void>)[] = [];
  const reading: Pick<Store, 'read'> = {
    async read(work) {
      await whileReading.shift()?.();
      return store.read(work);
    },
  };
  const liveness = createLiveness('wk_1', () => ['wk_1']);
  const options = { store: reading as Store, clock: new FakeClock(), live, instanceId: 'wk_1', liveness };
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const events = watchChat(options, session.key, { position: { after: 0 }, signal: ending.signal });
  async function next(): Promise<string> {
    const event = (await events.next()).value as ChatEvent;
    if (event.type === 'message') return event.message.content;
    return event.type === 'turn' ? event.state : event.type;
  }
  expect(await next()).toBe('current');
  const message = { sessionId: session.id, turnId: null, model: null, status: 'complete', nowMs: 1 } as const;
  const say = (role: 'user' | 'assistant', content: string) =>
    store.write((tx) => appendMessage(tx, { ...message, role, id: content, content }));
  return { live, turn, whileReading, next, say };
}

test('a turn that begins and ends while the store is being read is shown to have ended', async () => {
  const { live, turn, whileReading, next, say } = await makeWorld();
  const first = next();
  whileReading.push(async () => {
    live.begin(turn);
    await say('user', 'question');
    await say('assistant', 'answer');
    live.end(turn, 'done');
  });
  live.touch(turn.session.key);
  expect([await first, await next(), await next()]).toEqual(['question', 'answer', 'done']);
});

test('an answer that is stored while its last text is being sent comes before the end of its turn', async () => {
  const { live, turn, next, say } = await makeWorld();
  const first = next();
  live.begin(turn);
  expect(await first).toBe('running');
  live.add(turn, { type: 'delta', text: 'answer' });
  expect(await next()).toBe('delta');
  await say('assistant', 'answer');
  live.end(turn, 'done');
  expect([await next(), await next()]).toEqual(['answer', 'done']);
});
