import { expect, onTestFinished, test } from 'vitest';
import { appendTurnPart, readTurnParts } from '../../../../daemon/worker/store/conversations/turn-parts.js';
import { LiveText } from '../../../../daemon/worker/turns/live-text.js';
import { startFakeOpenAi, type FakeOpenAi } from '../../../fakes/openai/server.js';
import { FakeClock } from '../../../helpers/fake-clock.js';
import { startHttpApp } from '../../../helpers/http-app.js';
import { fakeModels, makeConversation, readTurn, type TestConversation } from '../../../helpers/make-conversation.js';
import { addSession, openStore } from '../../../helpers/open-store.js';
import { until } from '../../../helpers/real-gateway.js';
import { greetSocket, type SocketClient } from '../../../helpers/socket-client.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';

const PARTS = ['one ', 'two ', 'three'];

interface World {
  readonly model: FakeOpenAi;
  readonly first: TestConversation;
  readonly join: (live: string[], isActive: boolean) => Promise<TestConversation>;
  /** Resolves when that much of an answer is written down. */
  readonly written: (text: string) => Promise<unknown>;
  readonly rows: () => Promise<{ role: string; content: string; parent_seq: number | null }[]>;
}

/** One worker in the middle of an answer, and a place for the next one. */
async function makeWorld(): Promise<World> {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const home = tempDir();
  const shared = { home, config: { agents: { defaults: { model: 'fake/one' } } }, models: fakeModels(model.baseUrl) };
  const first = await makeConversation({ ...shared, instanceId: 'wk_a' });
  model.reply({ type: 'text', parts: PARTS, gate: { before: 2, until: new Promise(() => undefined) } });
  const store = await openStore({ home, isSoleWorker: () => false });
  return {
    model,
    first,
    join: (live, isActive) => makeConversation({ ...shared, instanceId: 'wk_b', liveInstanceIds: () => live, isActive }),
    written: (text) =>
      until('the written part', async () => {
        const parts = await store.read((tx) => queriesOf(tx).selectFrom('turn_parts').selectAll().orderBy('at').execute());
        return parts.map((part) => part.text).join('') === text;
      }),
    rows: () => store.read((tx) => queriesOf(tx).selectFrom('messages').select(['role', 'content', 'parent_seq']).orderBy('seq').execute()),
  };
}

async function begin({ first, written }: World): Promise<{ session: string; turn: string; client: SocketClient }> {
  const { port } = await startHttpApp({ services: first });
  const { session } = await first.sessions.create({});
  const client = await greetSocket(port);
  client.send('watch', { session: session.key });
  client.send('send', { session: session.key, key: 'k', content: 'Count' });
  const { turn } = await client.next('turn');
  await written('one two ');
  return { session: session.key, turn, client };
}

async function look(conversation: TestConversation, session: string, more: object = {}): Promise<SocketClient> {
  const { port } = await startHttpApp({ services: conversation });
  const client = await greetSocket(port);
  client.send('watch', { session, ...more });
  return client;
}

test('the next attempt names the one whose worker died and its text, which stays as a variant of the answer', async () => {
  const world = await makeWorld();
  const { session, turn } = await begin(world);
  let open: (value?: unknown) => void = () => undefined;
  world.model.reply({ type: 'text', parts: ['uno ', 'dos'], gate: { before: 1, until: new Promise((resolve) => (open = resolve)) } });
  const second = await world.join(['wk_b'], true);
  const client = await look(second, session);
  const again = await client.next('turn');
  expect(again).toMatchObject({ state: 'running', at: 0, replaces: { turn, text: 'one two ' } });
  expect(again.turn).not.toBe(turn);
  open();
  await client.next('turn', ({ state }) => state === 'done');
  for (const frame of client.frames) if (frame.type === 'delta') expect(frame.turn).toBe(again.turn);
  const { messages } = await second.sessions.get(session);
  expect(messages.map(({ role, content }) => `${role}: ${content}`)).toEqual(['user: Count', 'assistant: uno dos']);
  const [question, ...answers] = await world.rows();
  expect(question?.parent_seq).toBeNull();
  expect(answers).toEqual([
    { role: 'assistant', content: 'one two ', parent_seq: 1 },
    { role: 'assistant', content: 'uno dos', parent_seq: null },
  ]);
  await world.written('');
});

test('a watcher that moves to the next worker still sees the answer of the last one, from its position on', async () => {
  const world = await makeWorld();
  const { session, turn } = await begin(world);
  const second = await world.join(['wk_a', 'wk_b'], false);
  const client = await look(second, session);
  expect(await client.next('turn')).toMatchObject({ turn, state: 'running', at: 0, elsewhere: true });
  expect(await client.next('delta')).toMatchObject({ turn, at: 0, text: 'one two ' });
  const behind = await look(second, session, { turn: { id: turn, length: 4, tools: 0 } });
  expect(await behind.next('turn')).toMatchObject({ turn, at: 4, elsewhere: true });
  expect(await behind.next('delta')).toMatchObject({ turn, at: 4, text: 'two ' });
});

test('an interrupted answer to a program is not given again, and its text is kept as aborted', async () => {
  const world = await makeWorld();
  const signal = new AbortController().signal;
  void readTurn(world.first.agent.run({ message: 'Count', session: 'program' }, signal));
  await world.written('one two ');
  const second = await world.join(['wk_b'], true);
  const { messages } = await second.sessions.get('main:api:default:direct:program');
  expect(messages.map(({ role, status, content }) => `${role} ${status}: ${content}`)).toEqual([
    'user complete: Count',
    'assistant aborted: one two ',
    expect.stringMatching(/^system error: The answer was interrupted/),
  ]);
});

test('many pieces of text share one write, half a character waits for its other half, and an ended turn accepts none', async () => {
  const store = await openStore();
  const { id: sessionId } = await addSession(store, 'chat');
  const turn = { id: 'turn_1', session_id: sessionId, agent_id: 'main', instance_id: 'wk', created_at: 1 };
  const empty = { model: null, error_code: null, error_message: null, input_tokens: null, output_tokens: null, finished_at: null };
  await store.write((tx) =>
    queriesOf(tx)
      .insertInto('turns')
      .values({ ...turn, ...empty, state: 'running' })
      .execute(),
  );
  const clock = new FakeClock();
  let writes = 0;
  const liveText = new LiveText({
    clock,
    store: {
      write: (work) => {
        writes += 1;
        return writes === 1 ? Promise.reject(new Error('disk full')) : store.write(work);
      },
    },
  });
  const parts = () => store.read((tx) => readTurnParts(tx, { turnId: 'turn_1', at: 0 }));
  const answering = { id: 'turn_1', session: { id: sessionId } };
  for (const word of ['a', 'b', '\uD83D']) liveText.append(answering, word);
  clock.advance(250);
  await until('the write that fails', () => writes === 1);
  liveText.append(answering, '\uDE00c');
  await until('the next try', () => (clock.advance(1_000), writes === 2));
  await until('the parts', async () => (await parts()).length > 0);
  expect(await parts()).toEqual([{ at: 0, text: 'ab😀c' }]);
  await store.write((tx) => queriesOf(tx).updateTable('turns').set({ state: 'done' }).execute());
  await store.write((tx) => appendTurnPart(tx, { turnId: 'turn_1', at: 5, text: 'late' }));
  expect(await parts()).toHaveLength(1);
});
