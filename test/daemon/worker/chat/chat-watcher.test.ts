import { expect, onTestFinished, test } from 'vitest';
import { watchChat } from '../../../../daemon/worker/chat/chat-watcher.js';
import { appendMessage } from '../../../../daemon/worker/store/conversations/messages.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';
import { beginTurn, endTurn, type TurnEnd } from '../../../../daemon/worker/store/conversations/turns.js';
import { insertInboxMessage, setInboxTurn } from '../../../../daemon/worker/store/delivery/inbox.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { parkTurn, reopenTurn } from '../../../../daemon/worker/store/turns/waiting-turns.js';
import { LiveTurns } from '../../../../daemon/worker/turns/live-turns.js';
import type { BegunTurn } from '../../../../daemon/worker/turns/turn-journal.js';
import type { ChatEvent, ChatPosition } from '../../../../shared/api/socket.js';
import { advanceUntil } from '../../../helpers/advance-until.js';
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
  const living = ['wk_1'];
  const liveness = createLiveness('wk_1', () => living);
  const clock = new FakeClock();
  const options = { store: reading as Store, clock, live, instanceId: 'wk_1', liveness };
  /** @returns what reads the next event */
  function watch(after: number, at?: ChatPosition['turn']): () => Promise<string> {
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const events = watchChat(options, session.key, { position: { after, ...(at && { turn: at }) }, signal: ending.signal });
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
  const begin = (instanceId: string, id = turn.id) =>
    store.write((tx) => beginTurn(tx, { id, sessionId: session.id, agentId: 'main', tokenId: null, instanceId, nowMs: 1 }));
  const end = (state: TurnEnd['state']) =>
    store.write((tx) => endTurn(tx, { id: turn.id, state, model: null, usage: null, error: null, nowMs: 2 }));
  /** Stores the message that a turn answers, or lets a later turn answer it. */
  const ask = (turnId: string) =>
    store.write(async (tx) => {
      const place = { channel: 'webchat', accountId: 'default', chatId: session.key, scope: 's', updateId: '1' };
      await insertInboxMessage(tx, { ...place, id: 'question', peerKind: 'direct', content: 'hi', nowMs: 1 });
      await setInboxTurn(tx, { seq: 1, turnId, sentLength: 0 });
    });
  /** Lets time pass until an event has come: a look at a database may begin at any time. */
  async function whileTimePasses(event: Promise<string>): Promise<string> {
    let hasCome = false;
    void event.finally(() => (hasCome = true));
    await advanceUntil(clock, () => hasCome);
    return event;
  }
  return { store, living, live, turn, whileReading, watch, whileTimePasses, next, say, begin, end, ask };
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
  const { live, turn, watch, say, begin, end } = await makeWorld();
  live.begin(turn);
  live.add(turn, { type: 'delta', text: 'answer' });
  await say('user', 'question');
  await begin('wk_1');
  const seq = await say('assistant', 'answer', turn.id);
  await end('done');
  const next = watch(seq);
  expect(await next()).toBe('current');
  const after = next();
  live.end(turn, 'done');
  expect(await after).toBe('done');
});

test('a turn of another worker ends after its messages, also when that worker has died', async () => {
  const { living, live, turn, next, whileTimePasses, say, begin, end } = await makeWorld();
  living.push('wk_2');
  await begin('wk_2');
  const first = next();
  live.touch(turn.session.key);
  expect(await first).toBe('running');
  const second = next();
  living.pop();
  await say('assistant', 'answer');
  await end('done');
  expect([await whileTimePasses(second), await next()]).toEqual(['answer', 'done']);
});

test('a turn of another worker that waits for a decision is shown to wait, and then from its first word', async () => {
  const { store, living, live, turn, next, whileTimePasses, begin } = await makeWorld();
  living.push('wk_2');
  await begin('wk_2');
  const first = next();
  live.touch(turn.session.key);
  expect(await first).toBe('running');
  const second = next();
  await store.write((tx) => parkTurn(tx, { id: turn.id, questionId: 'question' }));
  expect(await whileTimePasses(second)).toBe('waiting');
  const third = next();
  await store.write((tx) => reopenTurn(tx, { id: turn.id, sessionId: turn.session.id, instanceId: 'wk_2' }));
  expect(await whileTimePasses(third)).toBe('running');
});

test('a turn that ended while nobody watched has ended for the watcher that comes back, unless it is run again', async () => {
  const { turn, watch, say, begin, end, ask } = await makeWorld();
  const seq = await say('user', 'question');
  await begin('wk_1');
  const position = { id: turn.id, length: 0, tools: 0 };
  expect(await watch(seq, position)()).toBe('current');
  await end('aborted');
  const next = watch(seq, position);
  expect([await next(), await next()]).toEqual(['aborted', 'current']);
  await ask(turn.id);
  expect(await watch(seq, position)()).toBe('current');
});

test.each(['wk_1', 'wk_2'])(
  'an attempt that another one in %s replaces has not ended for the watcher that comes back',
  async (instanceId) => {
    const { living, live, turn, watch, say, begin, end, ask } = await makeWorld();
    const seq = await say('user', 'question');
    await begin('wk_0');
    await ask(turn.id);
    await end('interrupted');
    const again = { ...turn, id: 'turn_2' };
    await begin(instanceId, again.id);
    await ask(again.id);
    if (instanceId === 'wk_1') live.begin(again);
    else living.push(instanceId);
    const next = watch(seq, { id: turn.id, length: 0, tools: 0 });
    expect([await next(), await next()].toSorted()).toEqual(['current', 'running']);
  },
);

test('a turn that is given up while it waits ends after the text that is kept', async () => {
  const { store, live, turn, next, say, begin, end } = await makeWorld();
  await begin('wk_1');
  const first = next();
  live.begin(turn);
  expect(await first).toBe('running');
  const second = next();
  await store.write((tx) => parkTurn(tx, { id: turn.id, questionId: 'question' }));
  live.end(turn, 'waiting');
  expect(await second).toBe('waiting');
  const third = next();
  await store.write((tx) => reopenTurn(tx, { id: turn.id, sessionId: turn.session.id, instanceId: 'wk_1' }));
  // A turn's text and its end are stored together: nobody sees the end alone.
  await say('assistant', 'I ask.');
  await end('aborted');
  live.touch(turn.session.key);
  expect([await third, await next()]).toEqual(['I ask.', 'aborted']);
});
