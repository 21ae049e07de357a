import { expect, onTestFinished, test } from 'vitest';
import { watchChat } from '../../../../daemon/worker/chat/chat-watcher.js';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { beginTurn, endTurn } from '../../../../daemon/worker/store/conversations/turns.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { LiveTurns } from '../../../../daemon/worker/turns/live-turns.js';
import type { BegunTurn } from '../../../../daemon/worker/turns/turn-journal.js';
import type { ChatEvent } from '../../../../shared/api/socket.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { addSession, openStore } from '../../../helpers/open-store.js';

/** A chat whose turns are run by hand, and a watcher that has everything. */
async function makeWorld() {
  const store = await openStore();
  const session = await addSession(store, 'chat');
  const live = new LiveTurns();
  const turn: BegunTurn = { id: 'turn_1', session, questionSeq: 1, questionId: 'question', steps: [], approvals: [] };
  const whileReading: (() => Promise<void>)[] = [];
  const reading: Pick<Store, 'read'> = {
    async read(work) {
      await whileReading.shift()?.();
      return store.read(work);
    },
  };
  const liveness = createLiveness('wk_1', () => ['wk_1']);
  const options = { store: reading as Store, clock: new FakeClock(), live, instanceId: 'wk_1', liveness };
  /** @returns what reads the next event */
  function watch(after: number): () => Promise<string> {
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const events = watchChat(options, session.key, { position: { after }, signal: ending.signal });
    return async () => {
      const event = (await events.next()).value as ChatEvent;
      if (event.type === 'message') return event.message.content;
      return event.type === 'turn' ? event.state : event.type;
    };
  }
  const next = watch(0);
  expect(await next()).toBe('current');
  const message = { sessionId: session.id, model: null, status: 'complete', nowMs: 1 } as const;
  const say = (role: 'user' | 'assistant', content: string, turnId: string | null = null) =>
    store.write((tx) => appendMessage(tx, { ...message, role, turnId, id: content, content }));
  return { store, live, turn, whileReading, watch, next, say };
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

test('a watcher that has the stored answer already does not get it as text again before the end of its turn', async () => {
  const { store, live, turn, watch, say } = await makeWorld();
  live.begin(turn);
  live.add(turn, { type: 'delta', text: 'answer' });
  await say('user', 'question');
  await store.write((tx) =>
    beginTurn(tx, { id: turn.id, sessionId: turn.session.id, agentId: 'main', tokenId: null, instanceId: 'wk_1', nowMs: 1 }),
  );
  const seq = await say('assistant', 'answer', turn.id);
  await store.write((tx) => endTurn(tx, { id: turn.id, state: 'done', model: null, usage: null, error: null, nowMs: 2 }));
  const next = watch(seq);
  expect(await next()).toBe('current');
  const after = next();
  live.end(turn, 'done');
  expect(await after).toBe('done');
});
