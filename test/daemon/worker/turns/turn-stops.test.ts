/** Turns that one worker runs, and that another one is asked to stop, while the first one ends. */
import { expect, onTestFinished, test } from 'vitest';
import { requestTurnStop } from '../../../../daemon/worker/store/conversations/turn-stops.js';
import { says } from '../../../fakes/openai/reply.js';
import { startFakeOpenAi } from '../../../fakes/openai/server.js';
import { eventually } from '../../../helpers/eventually.js';
import { fakeModels, makeConversation, readTurn } from '../../../helpers/make-conversation.js';
import { session } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { candidate, hangs, history, makeTurns } from '../../../helpers/turns-fixture.js';

test('a worker that has been alone learns from the next one that its answer is to be stopped', async () => {
  const model = await startFakeOpenAi({ models: ['one', 'two'] });
  onTestFinished(() => model.close());
  const live = ['wk_a'];
  const shared = { home: tempDir(), models: fakeModels(model.baseUrl), liveInstanceIds: () => live };
  const first = await makeConversation({ ...shared, instanceId: 'wk_a' });
  const { key } = (await first.sessions.create({})).session;
  const said = async () => (await first.sessions.get(key)).messages.map(({ content, status }) => `${status}: ${content}`);
  model.reply({ ...says('begun ', 'never said'), gate: { before: 1, until: new Promise<void>(() => undefined) } }, says('next'));
  await first.chat.send({ session: key, key: 'question', content: 'Count' }, undefined);
  await model.received(1);
  live.push('wk_b');
  const next = await makeConversation({ ...shared, instanceId: 'wk_b', isActive: false });
  await first.quiesce();
  await next.activate();
  // The model is asked while the turn is being committed.
  await eventually(async () => expect(await next.chat.stop(key)).toBe(true));
  await eventually(async () => expect((await said())[1]).toMatch(/^aborted: /));
  await next.chat.send({ session: key, key: 'other', content: 'Go on' }, undefined);
  await eventually(async () => expect((await said()).at(-1)).toBe('complete: next'));
  expect(await said()).toEqual(['complete: Count', expect.stringMatching(/^aborted: /), 'complete: Go on', 'complete: next']);
  expect(model.requests).toHaveLength(2);
});

test.each([
  ['stopped', 'CONFLICT', ['assistant aborted: begun']],
  ['deleted', 'SESSION_NOT_FOUND', ['assistant aborted: begun']],
  ['none', 'STOPPING', []],
] as const)('a turn that its worker aborts, with the request "%s", ends with the reason %s', async (reason, code, kept) => {
  const { store, turns, request, clock } = await makeTurns();
  const reasons: unknown[] = [];
  const hooks: NonNullable<ReturnType<typeof request>['hooks']> = {
    ended: async (_tx, { stopReason }) => {
      reasons.push(stopReason?.code);
      return stopReason?.code !== 'STOPPING';
    },
  };
  const events = turns.start(request(candidate(hangs('begun')), { hooks }), new AbortController().signal);
  await events.next();
  if (reason !== 'none') await store.write((tx) => requestTurnStop(tx, { sessionKey: session('me').key, reason }));
  const drained = turns.drain(1_000);
  clock.advance(1_000);
  const { last } = await readTurn(events);
  expect(await drained).toBe(1);
  expect(last).toMatchObject({ type: 'error', code });
  expect(reasons).toEqual([code]);
  expect(await history(store)).toEqual(['user complete: hello', ...kept]);
});
