import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { TurnOutcome } from '../../../../daemon/worker/turns/turn-event.js';
import { TurnJournal } from '../../../../daemon/worker/turns/turn-journal.js';
import { readNewestMessages } from '../../../../daemon/worker/store/conversations/messages.js';
import { findSession } from '../../../../daemon/worker/store/conversations/sessions.js';
import { requestTurnStop } from '../../../../daemon/worker/store/conversations/turn-stops.js';
import { noteTurnQuestion } from '../../../../daemon/worker/store/turns/waiting-turns.js';
import type { Store } from '../../../../daemon/worker/store/store.js';
import { GatewayError } from '../../../../shared/errors.js';
import type { Clock } from '../../../../shared/clock.js';
import { systemClock } from '../../../../shared/clock.js';
import { exitOf } from '../../../helpers/fixture-process.js';
import { openStore, session } from '../../../helpers/open-store.js';
import { tempDir } from '../../../helpers/temp-dir.js';
import { startTurnHolder } from '../../../helpers/turn-holder.js';
import { queriesOf } from '../../../../daemon/worker/store/transaction.js';
import { createLiveness } from '../../../../daemon/worker/store/liveness.js';

const never = new AbortController().signal;
const question = { session: session('chat'), mustExist: false, agentId: 'main', text: 'mine' };
const done: TurnOutcome = {
  state: 'done',
  reply: 'answer',
  model: 'x/y',
  usage: { inputTokens: 1, outputTokens: 2, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: null },
  error: null,
};
const context = { replyId: 'msg_reply', stopReason: null, ended: () => Promise.resolve(true) };

async function history(store: Store): Promise<string[]> {
  const rows = await store.read(async (tx) =>
    readNewestMessages(tx, { sessionId: (await findSession(tx, question.session.key))?.id ?? 0, limit: 100 }),
  );
  return rows.toReversed().map(({ role, content, status }) => `${role} ${status}: ${content}`);
}

/** Starts a worker of its own that runs a turn in the chat. Its clock tells when we look at the lease. */
async function setUp() {
  const home = tempDir();
  const other = await startTurnHolder(home);
  const live = new Set(['wk_me', 'wk_other']);
  const waits: number[] = [];
  let hasWaited = (): void => undefined;
  const waited = new Promise<void>((resolve) => {
    hasWaited = resolve;
  });
  const clock: Clock = {
    now: systemClock.now,
    after(delayMs, callback) {
      waits.push(delayMs);
      if (waits.length >= 4) hasWaited();
      // Looks again at once: the intervals are asserted, not waited for.
      return systemClock.after(1, callback);
    },
  };
  const store = await openStore({ home, isSoleWorker: () => false });
  const journal = new TurnJournal({ store, clock, instanceId: 'wk_me', liveness: createLiveness('wk_me', () => [...live]) });
  return { other, live, waits, waited, store, journal };
}

test('a turn waits for the other live worker’s turn in its session, and follows it', async () => {
  const { other, waits, waited, store, journal } = await setUp();
  const beginning = journal.begin(question, never);
  await waited;
  expect(waits.slice(0, 4)).toEqual([50, 100, 200, 250]);
  expect(await history(store)).toEqual(['user complete: asked of wk_other']);
  other.send('end');
  expect(await once(other, 'message')).toEqual(['ended kept', undefined]);
  const turn = await beginning;
  expect(await journal.end(turn, done, context)).toBe('kept');
  expect(await history(store)).toEqual([
    'user complete: asked of wk_other',
    'assistant complete: answered by wk_other',
    'user complete: mine',
    'assistant complete: answer',
  ]);
});

test('a turn of a worker that was killed is marked interrupted by whoever takes the session over', async () => {
  const { other, live, waited, store, journal } = await setUp();
  const beginning = journal.begin(question, never);
  await waited;
  other.kill('SIGKILL');
  await exitOf(other);
  live.delete('wk_other');
  await beginning;
  expect(await history(store)).toEqual([
    'user complete: asked of wk_other',
    expect.stringMatching(/^system error: The answer was interrupted/),
    'user complete: mine',
  ]);
  const turns = await store.read((tx) => queriesOf(tx).selectFrom('turns').select(['state', 'instance_id']).orderBy('id').execute());
  expect(turns).toEqual([
    { state: 'interrupted', instance_id: 'wk_other' },
    { state: 'running', instance_id: 'wk_me' },
  ]);
});

test('a worker that was considered dead cannot add its answer later', async () => {
  const { other, live, store, journal } = await setUp();
  live.delete('wk_other');
  expect(await journal.interruptOrphans()).toBe(0);
  other.send('end');
  expect(await once(other, 'message')).toEqual(['ended lost', undefined]);
  expect(await history(store)).toEqual(['user complete: asked of wk_other', expect.stringContaining('interrupted')]);
});

test('turns of live workers are left alone, and counted', async () => {
  const { store, journal } = await setUp();
  expect(await journal.interruptOrphans()).toBe(1);
  expect(await history(store)).toEqual(['user complete: asked of wk_other']);
});

test('an abort ends the waiting with its reason, and nothing was stored', async () => {
  const { waited, store, journal } = await setUp();
  const abort = new AbortController();
  const beginning = journal.begin(question, abort.signal);
  await waited;
  abort.abort(new Error('client gone'));
  await expect(beginning).rejects.toThrow('client gone');
  expect(await history(store)).toEqual(['user complete: asked of wk_other']);
});

test('turns of different sessions do not wait for each other', async () => {
  const { journal } = await setUp();
  const turn = await journal.begin({ ...question, session: session('another') }, never);
  expect(await journal.end(turn, { ...done, state: 'aborted', reply: '' }, context)).toBe('kept');
});

test('an answer is one message with its model, a failure one more with its reason', async () => {
  const store = await openStore();
  const journal = new TurnJournal({ store, clock: systemClock, instanceId: 'wk_me', liveness: createLiveness('wk_me', () => []) });
  const turn = await journal.begin(question, never);
  await expect(journal.begin({ ...question, session: session('none'), mustExist: true }, never)).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  expect(await journal.end(turn, done, context)).toBe('kept');
  expect(await journal.end(turn, done, context)).toBe('lost');
  expect(await history(store)).toEqual(['user complete: mine', 'assistant complete: answer']);
  const [row] = await store.read((tx) => queriesOf(tx).selectFrom('turns').selectAll().execute());
  expect(row).toMatchObject({ state: 'done', model: 'x/y', input_tokens: 1, output_tokens: 2, error_code: null });
});

test('a turn that another gateway was asked to stop does not begin to wait', async () => {
  const store = await openStore();
  const journal = new TurnJournal({ store, clock: systemClock, instanceId: 'wk_me', liveness: createLiveness('wk_me', () => ['wk_me']) });
  const turn = await journal.begin(question, never);
  await turn.stored;
  await store.write((tx) => requestTurnStop(tx, { sessionKey: question.session.key, reason: 'stopped' }));
  expect(await journal.end(turn, { ...done, state: 'waiting' }, context)).toBe('kept');
  expect(await store.read((tx) => queriesOf(tx).selectFrom('turns').select('state').execute())).toEqual([{ state: 'aborted' }]);
});

test('a turn that another gateway was asked to stop does not wait again when its worker ends', async () => {
  const store = await openStore();
  const journal = new TurnJournal({ store, clock: systemClock, instanceId: 'wk_me', liveness: createLiveness('wk_me', () => ['wk_me']) });
  const turn = await journal.begin(question, never);
  await turn.stored;
  await store.write(async (tx) => {
    await noteTurnQuestion(tx, turn);
    await requestTurnStop(tx, { sessionKey: question.session.key, reason: 'stopped' });
  });
  const stopReason = new GatewayError('STOPPING', { message: 'restart' });
  expect(await journal.end(turn, { ...done, state: 'aborted' }, { ...context, stopReason })).toBe('kept');
  expect(await store.read((tx) => queriesOf(tx).selectFrom('turns').select('state').execute())).toEqual([{ state: 'aborted' }]);
});
